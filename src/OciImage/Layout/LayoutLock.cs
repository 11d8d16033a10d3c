using System.Collections.Concurrent;

namespace OciImage.Layout;

/// <summary>Lets one writer at a time change an index: within this process by a gate, between processes by a file lock.</summary>
/// <remarks>The file lock belongs to an open file, so a process that dies lets go of it.</remarks>
internal static class LayoutLock
{
    private static readonly ConcurrentDictionary<string, SemaphoreSlim> Gates = new(StringComparer.Ordinal);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    public static async ValueTask<IDisposable> AcquireAsync(string lockFile, CancellationToken cancellationToken)
    {
        SemaphoreSlim gate = Gates.GetOrAdd(lockFile, static _ => new SemaphoreSlim(1));
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return new Holder(gate, await OpenAsync(lockFile, cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            gate.Release();
            throw;
        }
    }

    private static async ValueTask<FileStream> OpenAsync(string lockFile, CancellationToken cancellationToken)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (
                Path.Exists(lockFile) && TimeProvider.System.GetElapsedTime(started) < Limit)
            {
                // The other process tells nobody when it is done, so there is nothing to wait for but time.
                await Task.Delay(Interval, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private sealed class Holder(SemaphoreSlim gate, FileStream file) : IDisposable
    {
        public void Dispose()
        {
            file.Dispose();
            gate.Release();
        }
    }
}
