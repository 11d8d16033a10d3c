using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using OciImage.Content;
using OciImage.Json;
using OciImage.Linux;

namespace OciImage.Layout;

/// <summary>Opens the blobs of a layout. What is no regular file inside it is no blob.</summary>
internal sealed class LayoutBlobs(LayoutPaths paths)
{
    // What was read and found damaged: the file as it was, since another may take its place, and with it its number, and some
    // tools mend files in place. A cap, since an attacker may feed it.
    private const int MaxDamaged = 10_000;

    private readonly ConcurrentDictionary<Digest, (ulong Inode, long Seconds, uint Nanoseconds)> _damaged = new();

    // A collector and an ingest that ends keep a blob locked for an instant.
    private const int MaxAttempts = 50;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(2);

    public ContentStream OpenRead(Descriptor descriptor)
    {
        SafeFileHandle handle = Open(descriptor);
        var file = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        return new ContentStream(file, descriptor) { Refused = () => Remember(descriptor.Digest, handle) };
    }

    /// <summary>Opens a part, which must lie within the content; nothing verifies it.</summary>
    public UnverifiedRangeStream OpenRange(Descriptor descriptor, long offset, long length)
    {
        var file = new FileStream(Open(descriptor), FileAccess.Read, bufferSize: 0) { Position = offset };
        return new UnverifiedRangeStream(file, length);
    }

    /// <summary>Reads a blob as it is, whatever its length and digest.</summary>
    /// <param name="digest">The blob.</param>
    /// <param name="maxSize">The greatest length that is read.</param>
    /// <param name="onlyObjects">Whether to read only what begins as a JSON object does; of the rest a few bytes are looked at.</param>
    /// <param name="isThere">Whether anything stands there.</param>
    /// <returns>The bytes, or <see langword="null"/> where there is no regular file, or one that is larger, or other than said.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public byte[]? TryReadFile(Digest digest, int maxSize, bool onlyObjects, out bool isThere)
    {
        using SafeFileHandle? handle = TryOpen(digest, out isThere);
        isThere |= handle is not null;
        if (handle is null || RandomAccess.GetLength(handle) is var length && length > maxSize ||
            (onlyObjects && !StartsAsObject(handle)))
        {
            return null;
        }

        byte[] bytes = new byte[length];
        int read = 0;
        while (read < bytes.Length && RandomAccess.Read(handle, bytes.AsSpan(read), read) is > 0 and var count)
        {
            read += count;
        }

        return read == bytes.Length ? bytes : bytes[..read];
    }

    /// <summary>Tells when a blob was last written or used.</summary>
    /// <returns>The time, or <see langword="null"/> where there is none.</returns>
    public DateTime? TryGetLastWrite(Digest digest)
    {
        using SafeFileHandle? handle = TryOpen(digest, out _);
        return handle is null ? null : BlobTimes.LastWriteOf(handle);
    }

    /// <summary>Tells whether a blob of the right length is there. A link or a pipe is none; what is pushed takes its place.</summary>
    /// <remarks>A file that was read before and found damaged is none, either.</remarks>
    public bool Exists(Descriptor descriptor)
    {
        using SafeFileHandle? handle = TryOpen(descriptor.Digest, out _);
        return handle is not null && RandomAccess.GetLength(handle) == descriptor.Size && !IsKnownDamaged(descriptor.Digest, handle);
    }

    /// <summary>Tells whether a regular file is there, whatever its length.</summary>
    public bool Has(Digest digest) => GetLength(digest) is not null;

    public long? GetLength(Digest digest)
    {
        using SafeFileHandle? handle = TryOpen(digest, out _);
        return handle is null ? null : RandomAccess.GetLength(handle);
    }

    /// <summary>Tells whether a blob is there, and lets it count as used just now, so that no collector takes it.</summary>
    /// <remarks>
    /// A collector locks the file before it looks at its time and removes it, and so does this before it sets the time: the
    /// blob is either gone, and absent, or young. Where it may not be touched it is there all the same.
    /// </remarks>
    public async ValueTask<bool> UseAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (TryUse(descriptor) is { } isThere)
            {
                return isThere;
            }

            await Task.Delay(Interval, cancellationToken).ConfigureAwait(false);
        }

        // Somebody keeps it locked; writing it again does no harm.
        return false;
    }

    /// <summary>Lets content count as used just now; within the index's lock, which keeps collectors away.</summary>
    /// <exception cref="ContentNotFoundException">It is not here.</exception>
    public void RequireForUse(Descriptor descriptor)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        if (!(TryUse(descriptor) ?? Exists(descriptor)))
        {
            throw ContentNotFoundException.ForDigest(descriptor.Digest, paths.Root);
        }
    }

    /// <summary>Describes a blob of which only the digest is known; a manifest's type is read from the manifest.</summary>
    public async ValueTask<Descriptor?> DescribeAsync(Digest digest, CancellationToken cancellationToken)
    {
        long size;
        using (SafeFileHandle? handle = TryOpen(digest, out _))
        {
            if (handle is null)
            {
                return null;
            }

            size = RandomAccess.GetLength(handle);
        }

        var descriptor = new Descriptor { MediaType = "application/octet-stream", Digest = digest, Size = size };
        byte[]? bytes = await TryReadDocumentAsync(descriptor, cancellationToken).ConfigureAwait(false);

        return bytes is not null && DocumentKind.Detect(bytes) is { } mediaType
            ? descriptor with { MediaType = mediaType }
            : descriptor;
    }

    /// <summary>Reads a document, unless it is absent or larger than documents are.</summary>
    /// <exception cref="ContentVerificationException">The document is damaged.</exception>
    public async ValueTask<byte[]?> TryReadDocumentAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        if (descriptor.Size > DocumentOptions.DefaultMaxSize || !descriptor.Digest.CanVerify)
        {
            return null;
        }

        try
        {
            ContentStream stream = OpenRead(descriptor);
            await using (stream.ConfigureAwait(false))
            {
                return await stream.ReadToEndAsync(DocumentOptions.DefaultMaxSize, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ContentNotFoundException)
        {
            return null;
        }
    }

    // What is white space for longer than this is read.
    private static bool StartsAsObject(SafeFileHandle handle)
    {
        Span<byte> start = stackalloc byte[16];
        ReadOnlySpan<byte> text = start[..RandomAccess.Read(handle, start, 0)];
        int first = text.IndexOfAnyExcept(" \t\r\n"u8);

        return first < 0 ? text.Length > 0 : text[first] is (byte)'{' or (byte)'/';
    }

    private void Remember(Digest digest, SafeFileHandle handle)
    {
        if (Libc.IsSupported && !handle.IsClosed && _damaged.Count < MaxDamaged)
        {
            _damaged[digest] = StateOf(handle);
        }
    }

    private bool IsKnownDamaged(Digest digest, SafeFileHandle handle) =>
        !_damaged.IsEmpty && _damaged.TryGetValue(digest, out (ulong, long, uint) state) && StateOf(handle) == state;

    private static (ulong Inode, long Seconds, uint Nanoseconds) StateOf(SafeFileHandle handle)
    {
        FileStatus status = BlobFile.Stat(handle);
        return (status.Inode, status.ModifiedSeconds, status.ModifiedNanoseconds);
    }

    // Null: locked by somebody, or replaced at this very moment.
    private bool? TryUse(Descriptor descriptor)
    {
        using SafeFileHandle? handle = TryOpen(descriptor.Digest, out _);
        if (handle is null || RandomAccess.GetLength(handle) != descriptor.Size || IsKnownDamaged(descriptor.Digest, handle))
        {
            return false;
        }

        string path = paths.Blob(descriptor.Digest)!;
        return BlobTimes.TryTouch(handle, path);
    }

    private SafeFileHandle Open(Descriptor descriptor)
    {
        if (!descriptor.Digest.CanVerify)
        {
            throw ContentVerificationException.CannotVerify(descriptor);
        }

        SafeFileHandle? handle = TryOpen(descriptor.Digest, out bool isOther);
        if (handle is null)
        {
            throw isOther
                ? new ContentVerificationException(
                    descriptor, $"Content '{descriptor.Digest}' in '{paths.Root}' is not a regular file of that directory.")
                : ContentNotFoundException.ForDigest(descriptor.Digest, paths.Root);
        }

        long length = RandomAccess.GetLength(handle);
        if (length != descriptor.Size)
        {
            handle.Dispose();
            throw ContentVerificationException.OtherLength(descriptor, length);
        }

        return handle;
    }

    private SafeFileHandle? TryOpen(Digest digest, out bool isOther)
    {
        isOther = false;
        if (paths.Blob(digest) is not { } path)
        {
            return null;
        }

        if (paths.IsInside(digest))
        {
            return BlobFile.TryOpen(path, out isOther);
        }

        isOther = Path.Exists(path);
        return null;
    }
}
