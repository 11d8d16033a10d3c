using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using OciImage.Linux;

namespace OciImage.Layout;

/// <summary>Moves damaged content away, so that its place is free for what it should be.</summary>
internal sealed class LayoutQuarantine(LayoutPaths paths, OciLayoutOptions options, BlobWriter writer)
{
    private const int BufferSize = 256 * 1024;

    public static void Sweep(LayoutPaths paths, DateTime now, TimeSpan age)
    {
        if (!LayoutPaths.IsPlainDirectory(paths.Quarantine))
        {
            return;
        }

        foreach (FileSystemInfo entry in new DirectoryInfo(paths.Quarantine).EnumerateFileSystemInfos())
        {
            if (LayoutSweep.IsOlder(entry.LastWriteTimeUtc, now, age))
            {
                TryDelete(entry);
            }
        }
    }

    /// <summary>Hashes content, and moves it away when it is not what its name says.</summary>
    /// <returns>Where it is now, or <see langword="null"/> where it is whole, or where there is nothing.</returns>
    public async ValueTask<string?> MoveAsync(Digest digest, CancellationToken cancellationToken)
    {
        if (paths.Blob(digest) is not { } path || !paths.IsInside(digest))
        {
            return null;
        }

        using SafeFileHandle? handle = BlobFile.TryOpen(path, out bool isOther);
        if ((handle is null && !isOther) ||
            (handle is not null && await IsWholeAsync(handle, digest, cancellationToken).ConfigureAwait(false)))
        {
            return null;
        }

        // A deletion holds the first lock, whoever gives a blob its name the second: between the look and the move, nobody can.
        using LayoutLock index = await LayoutLock.AcquireAsync(paths, options, cancellationToken).ConfigureAwait(false);
        using SafeFileHandle? publishing = await PublishLock.TakeAsync(paths, options.LockTimeout).ConfigureAwait(false);
        if (!IsStillThere(path, handle))
        {
            return null;
        }

        LayoutPaths.Prepare(paths.Quarantine);
        string target = Path.Combine(paths.Quarantine, $"{digest.Algorithm}-{digest.Encoded}-{Guid.NewGuid():N}");
        if (!BlobFile.TryMove(path, target))
        {
            return null;
        }

        BlobFile.Touch(target);
        writer.FlushDirectory(paths.Quarantine);
        writer.FlushDirectory(Path.GetDirectoryName(path)!);

        return target;
    }

    // What was replaced meanwhile was verified by whoever did.
    private static bool IsStillThere(string path, SafeFileHandle? handle)
    {
        if (handle is not null)
        {
            return !Libc.IsSupported || BlobFile.IsNameOf(path, handle);
        }

        using SafeFileHandle? now = BlobFile.TryOpen(path, out bool isOther);
        return now is null && isOther;
    }

    private static async ValueTask<bool> IsWholeAsync(SafeFileHandle handle, Digest digest, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = Digest.CreateHash(digest.Algorithm);
        byte[] buffer = new byte[BufferSize];
        try
        {
            long offset = 0;
            int read;
            while ((read = await RandomAccess.ReadAsync(handle, buffer, offset, cancellationToken).ConfigureAwait(false)) > 0)
            {
                hash.AppendData(buffer, 0, read);
                offset += read;
            }
        }
        catch (IOException exception) when (exception.HResult == LinuxError.InputOutput)
        {
            // The device cannot read it any more: damage of another kind.
            return false;
        }

        return Digest.FromHash(digest.Algorithm, hash.GetHashAndReset()) == digest;
    }

    private static void TryDelete(FileSystemInfo entry)
    {
        try
        {
            if (entry is DirectoryInfo { LinkTarget: null } directory)
            {
                directory.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Not ours to remove.
        }
    }
}
