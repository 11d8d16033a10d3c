using Microsoft.Win32.SafeHandles;
using OciImage.Content;
using OciImage.Linux;

namespace OciImage.Layout;

/// <summary>Brings files under their final names: hashed, flushed, renamed, and the directory flushed.</summary>
/// <remarks>
/// <code>
///                 Full                     Batched                   None
/// blob            fsync, rename, fsync(d)  rename                    rename
/// index.json      fsync(blobs/*), fsync,   syncfs (blobs as well),   rename
///                 rename, fsync(d)         rename, fsync(d)
/// </code>
/// </remarks>
internal sealed class BlobWriter(LayoutPaths paths, OciLayoutOptions options)
{
    private IOException? _lostContent;
    private int _swept;

    // Without a call for the whole file system, each file is flushed.
    private bool FlushesEach =>
        options.Durability == Durability.Full || (options.Durability == Durability.Batched && !Libc.IsSupported);

    /// <summary>Gets whether ingests flush what they have taken in, to go on from there after a power cut.</summary>
    public bool FlushesIngests => FlushesEach;

    /// <summary>Brings content under its name: in parts at the same time where that pays, or else as one stream.</summary>
    public async ValueTask WriteAsync(Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken)
    {
        if (content.Ranges is { } ranges && ranges.Descriptor.Digest == descriptor.Digest &&
            ranges.Descriptor.Size == descriptor.Size &&
            await TryWriteAsync(ranges, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        Stream source = await content.OpenAsync(0, cancellationToken).ConfigureAwait(false);
        ContentStream stream = ContentStream.Over(source, descriptor);
        await using (stream.ConfigureAwait(false))
        {
            using TemporaryFile file = CreateTemporary();
            await StreamFile.CopyAsync(stream, descriptor.Size, file.Handle, cancellationToken).ConfigureAwait(false);
            await PublishAsync(file.Handle, file.Path, descriptor.Digest).ConfigureAwait(false);
        }
    }

    /// <summary>Writes a document beside the blobs: readers see the one before or the new one, whole.</summary>
    /// <exception cref="IOException">Writing or flushing failed; after the very last flush, the new one is there already.</exception>
    public void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        using TemporaryFile file = CreateTemporary();
        RandomAccess.Write(file.Handle, bytes, 0);
        if (FlushesEach)
        {
            BlobFile.Flush(file.Handle, file.Path);
        }
        else if (options.Durability == Durability.Batched)
        {
            FlushAll(file.Handle);
        }

        File.Move(file.Path, path, overwrite: true);
        if (options.Durability != Durability.None)
        {
            BlobFile.FlushDirectory(Path.GetDirectoryName(path)!);
        }
    }

    /// <summary>Writes what belongs to unfinished content; flushed only where that is asked for.</summary>
    public void WriteBeside(string path, ReadOnlySpan<byte> bytes, bool isFlushed)
    {
        using TemporaryFile file = CreateTemporary();
        RandomAccess.Write(file.Handle, bytes, 0);
        if (isFlushed)
        {
            BlobFile.Flush(file.Handle, file.Path);
        }

        File.Move(file.Path, path, overwrite: true);
        if (isFlushed)
        {
            BlobFile.FlushDirectory(Path.GetDirectoryName(path)!);
        }
    }

    /// <summary>Gives a verified file the blob's name; whoever wrote the same content before is replaced by equal bytes.</summary>
    /// <exception cref="IOException">Flushing failed: the blob has no name, and the file's bytes may be lost.</exception>
    public async ValueTask PublishAsync(SafeFileHandle handle, string temporary, Digest digest)
    {
        // What was written long ago, or is another layout's, is used from now on.
        BlobTimes.Touch(handle);
        Flush(handle, temporary);
        await NameAsync(temporary, digest).ConfigureAwait(false);
    }

    /// <summary>Flushes a file where the level says so; what memory has of it is not to be trusted after a failure.</summary>
    public void Flush(SafeFileHandle handle, string path)
    {
        if (!FlushesEach)
        {
            return;
        }

        try
        {
            BlobFile.Flush(handle, path);
        }
        catch (IOException)
        {
            // The system reports a lost write once; a second flush of the same pages would succeed without them.
            BlobFile.DropCache(handle);
            throw;
        }
    }

    /// <summary>Gives a flushed file the blob's name.</summary>
    public async ValueTask NameAsync(string temporary, Digest digest)
    {
        string path = paths.Blob(digest) ?? throw LayoutPaths.NoName(digest);
        string directory = Path.GetDirectoryName(path)!;
        if (LayoutPaths.Prepare(paths.Blobs) | LayoutPaths.Prepare(directory))
        {
            FlushDirectory(paths.Root);
            FlushDirectory(paths.Blobs);
        }

        using (await PublishLock.ShareAsync(paths, options.LockTimeout).ConfigureAwait(false))
        {
            File.Move(temporary, path, overwrite: true);
        }

        FlushDirectory(directory);
    }

    public void Remove(string path)
    {
        File.Delete(path);
        FlushDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Flushes the names of blobs that others wrote, before an index names them.</summary>
    public void FlushBlobNames()
    {
        FlushDirectory(Path.Combine(paths.Blobs, Digest.Sha256));
        FlushDirectory(Path.Combine(paths.Blobs, Digest.Sha512));
    }

    public void FlushDirectory(string directory)
    {
        if (FlushesEach)
        {
            BlobFile.FlushDirectory(directory);
        }
    }

    /// <summary>Makes a new file; the first of this instance also removes what others left long ago.</summary>
    public TemporaryFile CreateTemporary()
    {
        TemporaryFile file = TemporaryFile.Create(paths);
        if (Interlocked.Exchange(ref _swept, 1) == 0)
        {
            // The new file's time is that of the file system, which another machine's clock may not agree with.
            LayoutSweep.SweepUnasked(paths, options, File.GetLastWriteTimeUtc(file.Handle));
        }

        return file;
    }

    // A lost write is reported once, and nobody can tell whose it was: nothing may be named by this instance afterwards.
    private void FlushAll(SafeFileHandle handle)
    {
        if (_lostContent is not null)
        {
            throw new IOException(
                $"A flush of '{paths.Root}' failed before, so that content may be lost; check it, and open it again.", _lostContent);
        }

        try
        {
            BlobFile.FlushFileSystem(handle);
        }
        catch (IOException exception)
        {
            _lostContent = exception;
            throw;
        }
    }

    /// <summary>Fetches the parts of a blob at the same time into a new file; returns whether they made the blob.</summary>
    private async ValueTask<bool> TryWriteAsync(RangedContent content, CancellationToken cancellationToken)
    {
        using TemporaryFile file = CreateTemporary();
        if (!await RangeWriter.TryWriteAsync(content, file.Handle, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        await PublishAsync(file.Handle, file.Path, content.Descriptor.Digest).ConfigureAwait(false);
        return true;
    }
}
