namespace OciImage.Content;

/// <summary>A copy's content as its target reads it: verified, observed, and opened again where a transfer goes on.</summary>
internal sealed class TransferContent(IContentFetcher source, Descriptor descriptor, CopyOptions options) : ReplayableContent
{
    private readonly TransferObserver _observer = new(descriptor, options.Progress, options.TimeProvider);

    public override async ValueTask<Stream> OpenAsync(long offset = 0, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ContentStream? stream = null;
        try
        {
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
}
