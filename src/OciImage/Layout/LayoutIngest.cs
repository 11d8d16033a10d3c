using System.Buffers;
using System.Security.Cryptography;
using OciImage.Content;

namespace OciImage.Layout;

/// <summary>Content on its way into a layout: a file of its own, held by a lock while it is open.</summary>
internal sealed class LayoutIngest : ContentIngest
{
    private const int BufferSize = 256 * 1024;
    private const int MaxAttempts = 10;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(2);

    private readonly LockedFile _file;
    private readonly BlobWriter _writer;
    private readonly IncrementalHash _hash;
    private readonly Func<Descriptor, CancellationToken, ValueTask> _committed;
    private long _offset;
    private bool _ended;
    private bool _disposed;

    private LayoutIngest(
        string key, LockedFile file, BlobWriter writer, Func<Descriptor, CancellationToken, ValueTask> committed)
    {
        Key = key;
        _file = file;
        _writer = writer;
        _committed = committed;
        _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    }

    public override string Key { get; }

    public override long Offset => _offset;

    /// <summary>Opens or resumes; what is there is hashed again, since nothing says that it is whole.</summary>
    public static async ValueTask<LayoutIngest> OpenAsync(
        string key,
        string path,
        BlobWriter writer,
        Func<Descriptor, CancellationToken, ValueTask> committed,
        CancellationToken cancellationToken)
    {
        // A sweep holds what it looks at for an instant; another holder keeps it longer than this waits.
        LockedFile? file;
        for (int attempt = 1; !LockedFile.TryOpen(path, create: true, out file); attempt++)
        {
            if (attempt == MaxAttempts)
            {
                throw new IOException($"The ingest '{key}' is open elsewhere.");
            }

            await Task.Delay(Interval, cancellationToken).ConfigureAwait(false);
        }

        var ingest = new LayoutIngest(key, file, writer, committed);
        try
        {
            long length = RandomAccess.GetLength(file.Handle);
            await ingest.HashAsync(ingest._hash, length, cancellationToken).ConfigureAwait(false);
            ingest._offset = length;

            return ingest;
        }
        catch
        {
            await ingest.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public override ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        ThrowIfEnded();
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            // To the page cache: there is nothing to wait for that a thread pool would wait for better.
            RandomAccess.Write(_file.Handle, bytes.Span, _offset);
        }
        catch (IOException)
        {
            TryDropRest();
            throw;
        }

        _hash.AppendData(bytes.Span);
        _offset += bytes.Length;

        return default;
    }

    public override async ValueTask<Descriptor> CommitAsync(
        string mediaType, Digest? expected = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(mediaType);
        ThrowIfEnded();
        cancellationToken.ThrowIfCancellationRequested();
        Digest sha256 = Digest.FromHash(Digest.Sha256, _hash.GetCurrentHash());
        var descriptor = new Descriptor { MediaType = mediaType, Digest = expected ?? sha256, Size = _offset };
        if (!descriptor.Digest.CanVerify)
        {
            throw ContentVerificationException.CannotVerify(descriptor);
        }

        Digest actual = descriptor.Digest.Algorithm == Digest.Sha256
            ? sha256
            : await HashAgainAsync(descriptor.Digest.Algorithm, cancellationToken).ConfigureAwait(false);
        if (actual != descriptor.Digest)
        {
            throw ContentVerificationException.Mismatch(descriptor, actual);
        }

        ThrowIfShorter();
        RandomAccess.SetLength(_file.Handle, _offset);
        _writer.Publish(_file.Handle, _file.Path, actual);
        _ended = true;

        // The lock went with the file to its final name, and would keep others from reading it.
        _file.Dispose();
        await _committed(descriptor, cancellationToken).ConfigureAwait(false);

        return descriptor;
    }

    public override ValueTask AbortAsync(CancellationToken cancellationToken = default)
    {
        if (!_ended)
        {
            // Without the lock the file may be another holder's by now.
            ObjectDisposedException.ThrowIf(_disposed, this);
            File.Delete(_file.Path);
            _ended = true;
        }

        return default;
    }

    public override ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            _hash.Dispose();
            _file.Dispose();
        }

        return default;
    }

    private async ValueTask HashAsync(IncrementalHash hash, long length, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            for (long position = 0; position < length;)
            {
                Memory<byte> wanted = buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - position));
                int read = await RandomAccess.ReadAsync(_file.Handle, wanted, position, cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    throw new IOException($"The ingest '{Key}' ended after {position} of {length} bytes.");
                }

                hash.AppendData(buffer, 0, read);
                position += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask<Digest> HashAgainAsync(string algorithm, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = Digest.CreateHash(algorithm);
        await HashAsync(hash, _offset, cancellationToken).ConfigureAwait(false);
        return Digest.FromHash(algorithm, hash.GetCurrentHash());
    }

    // What a write that failed left is overwritten by the next one, and cut off by a commit; here it only looks better.
    private void TryDropRest()
    {
        try
        {
            RandomAccess.SetLength(_file.Handle, _offset);
        }
        catch (IOException)
        {
            // The write's own error counts.
        }
    }

    private void ThrowIfShorter()
    {
        long length = RandomAccess.GetLength(_file.Handle);
        if (length < _offset)
        {
            throw new IOException($"The ingest '{Key}' has {length} bytes, expected {_offset}: somebody else changed it.");
        }
    }

    private void ThrowIfEnded()
    {
        if (_ended)
        {
            throw new InvalidOperationException($"The ingest '{Key}' was committed or aborted.");
        }

        ObjectDisposedException.ThrowIf(_disposed, this);
    }
}
