using Microsoft.Win32.SafeHandles;

namespace OciImage.Layout;

/// <summary>Lets one writer at a time change an index: within this process by a gate, between processes by a file lock.</summary>
internal sealed class LayoutLock : IDisposable
{
    // A process with many writers hands its gate on faster than another can poll; now and then it stands back.
    private const int TurnsInARow = 16;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(2);
    private static readonly Dictionary<string, Gate> Gates = new(StringComparer.Ordinal);

    private readonly string _path;
    private readonly Gate _gate;
    private readonly LockedFile _file;

    private LayoutLock(string path, Gate gate, LockedFile file)
    {
        _path = path;
        _gate = gate;
        _file = file;
    }

    public static async ValueTask<LayoutLock> AcquireAsync(
        LayoutPaths paths, OciLayoutOptions options, CancellationToken cancellationToken)
    {
        LayoutPaths.Prepare(paths.Ingest);
        string path = paths.IndexLock;
        Gate gate = Enter(path);
        bool entered = false;
        try
        {
            await gate.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            entered = true;
            if (++gate.Turns % TurnsInARow == 0)
            {
                await Task.Delay(2 * Interval, cancellationToken).ConfigureAwait(false);
            }

            return new LayoutLock(path, gate, await OpenAsync(path, options.LockTimeout, cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            if (entered)
            {
                gate.Turn.Release();
            }

            Leave(path, gate);
            throw;
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        _gate.Turn.Release();
        Leave(_path, _gate);
    }

    private static async ValueTask<LockedFile> OpenAsync(string path, TimeSpan limit, CancellationToken cancellationToken)
    {
        long started = TimeProvider.System.GetTimestamp();
        LockedFile? file;
        while (!LockedFile.TryOpen(path, create: true, out file))
        {
            if (TimeProvider.System.GetElapsedTime(started) >= limit)
            {
                using SafeFileHandle? handle = BlobFile.TryOpen(path, out _);
                throw LockHolder.TimedOut(path, handle, limit);
            }

            // The other process tells nobody when it is done, so there is nothing to wait for but time.
            await Task.Delay(Interval, cancellationToken).ConfigureAwait(false);
        }

        return file;
    }

    private static Gate Enter(string path)
    {
        lock (Gates)
        {
            if (!Gates.TryGetValue(path, out Gate? gate))
            {
                gate = new Gate();
                Gates.Add(path, gate);
            }

            gate.Users++;
            return gate;
        }
    }

    private static void Leave(string path, Gate gate)
    {
        lock (Gates)
        {
            if (--gate.Users == 0)
            {
                Gates.Remove(path);
            }
        }
    }

    private sealed class Gate
    {
        public SemaphoreSlim Turn { get; } = new(1);

        public int Users { get; set; }

        public int Turns { get; set; }
    }
}
