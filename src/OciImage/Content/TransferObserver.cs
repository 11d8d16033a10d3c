namespace OciImage.Content;

/// <summary>Sees what a <see cref="ContentStream"/> reads for a copy: how far it came, and that it was the source that failed.</summary>
internal sealed class TransferObserver(Descriptor descriptor, IProgress<ContentProgress>? progress, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private long _reportedAt = time.GetTimestamp();

    public void OnRead(long position)
    {
        if (progress is null || time.GetElapsedTime(_reportedAt) < Interval)
        {
            return;
        }

        _reportedAt = time.GetTimestamp();
        progress.Report(new ContentProgress(descriptor, position, ContentProgressState.Transferring));
    }

    public static void OnFailure(Exception exception) => CopyFailure.Mark(exception, CopySide.Source);
}
