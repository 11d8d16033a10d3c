namespace OciImage.Content;

/// <summary>A copy's content as its target reads it: observed, opened again where a transfer goes on, and verified when read from its start.</summary>
internal sealed class TransferContent(IContentFetcher source, Descriptor descriptor, CopyOptions options) : ReplayableContent
{
    private readonly TransferObserver _observer = new(descriptor, options.Progress, options.TimeProvider);

    // Parts at the same time make up for a network's latency; a local store has none.
    internal override RangedContent? Ranges =>
        source is IContentRangeFetcher ranges and not IUncheckedParents &&
        options.RangesPerBlob > 1 && descriptor.Size >= options.ParallelRangeThreshold
            ? new RangedContent(ranges, descriptor, options, _observer)
            : null;

    public override async ValueTask<Stream> OpenAsync(long offset = 0, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ContentStream? stream = null;
        try
        {
            if (offset > 0 && await TryOpenRestAsync(source, descriptor, offset, cancellationToken).ConfigureAwait(false) is { } rest)
            {
                return new RestStream(rest, offset, _observer);
            }

            stream = ContentStream.Over(
                await source.OpenReadAsync(descriptor, cancellationToken).ConfigureAwait(false), descriptor);
            await stream.SkipAsync(offset, cancellationToken).ConfigureAwait(false);
            stream.Observer = _observer;

            return stream;
        }
        catch (Exception exception)
        {
            CopyFailure.Mark(exception, CopySide.Source);
            if (stream is not null)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }
    }

    private sealed class RestStream(UnverifiedRangeStream inner, long offset, TransferObserver observer) : ReadOnlyStream
    {
        public override int Read(Span<byte> buffer)
        {
            try
            {
                return Observed(inner.Read(buffer));
            }
            catch (Exception exception)
            {
                TransferObserver.OnFailure(exception);
                throw;
            }
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return Observed(await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false));
            }
            catch (Exception exception)
            {
                TransferObserver.OnFailure(exception);
                throw;
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }

        private int Observed(int read)
        {
            observer.OnRead(offset + inner.Position);
            return read;
        }
    }
}
