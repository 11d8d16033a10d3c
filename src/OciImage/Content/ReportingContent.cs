namespace OciImage.Content;

/// <summary>Content that reports how far it was read, at most ten times a second.</summary>
internal sealed class ReportingContent(
    ReplayableContent inner, Descriptor descriptor, IProgress<ContentProgress> progress, TimeProvider time)
    : ReplayableContent
{
    public override async ValueTask<Stream> OpenAsync(long offset = 0, CancellationToken cancellationToken = default)
    {
        Stream stream = await inner.OpenAsync(offset, cancellationToken).ConfigureAwait(false);
        return new ReportingStream(stream, offset, descriptor, progress, time);
    }

    private sealed class ReportingStream(
        Stream inner, long offset, Descriptor descriptor, IProgress<ContentProgress> progress, TimeProvider time)
        : ReadOnlyStream
    {
        private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

        private long _position = offset;
        private long _reportedAt = time.GetTimestamp();

        public override int Read(Span<byte> buffer) => Count(inner.Read(buffer));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Count(await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false));

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }

        private int Count(int read)
        {
            _position += read;
            if (time.GetElapsedTime(_reportedAt) >= Interval)
            {
                _reportedAt = time.GetTimestamp();
                progress.Report(new ContentProgress(descriptor, _position, ContentProgressState.Transferring));
            }

            return read;
        }
    }
}
