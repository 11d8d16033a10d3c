using System.Buffers;
using System.Security.Cryptography;
using OciImage.Content;

namespace OciImage.Layout;

/// <summary>Content on its way into a layout: a file of its own, held by a lock while it is open.</summary>
internal sealed class LayoutIngest : ContentIngest
{
    private readonly string _path;
    private readonly FileStream _file;
    private readonly BlobWriter _writer;
    private readonly IncrementalHash _hash;
    private bool _ended;

    private LayoutIngest(string key, string path, FileStream file, BlobWriter writer, IncrementalHash hash)
    {
        Key = key;
        _path = path;
        _file = file;
        _writer = writer;
        _hash = hash;
    }

    public override string Key { get; }

    public override long Offset => _ended ? 0 : _file.Position;

    /// <summary>Opens or resumes; what is there is hashed again, since nothing says that it is whole.</summary>
    public static async ValueTask<LayoutIngest> OpenAsync(
        string key, string path, BlobWriter writer, CancellationToken cancellationToken)
    {
        if (File.Exists(path) && new FileInfo(path).LinkTarget is not null)
        {
            throw new IOException($"The ingest '{key}' is a link.");
        }

        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            await HashAsync(file, hash, cancellationToken).ConfigureAwait(false);
            return new LayoutIngest(key, path, file, writer, hash);
        }
        catch
        {
            hash.Dispose();
            await file.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public override ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        ThrowIfEnded();
        cancellationToken.ThrowIfCancellationRequested();
        long offset = _file.Position;
        try
        {
            // To the page cache: there is nothing to wait for that a thread pool would wait for better.
            _file.Write(bytes.Span);
        }
        catch (IOException)
        {
            _file.SetLength(offset);
            _file.Position = offset;
            throw;
        }

        _hash.AppendData(bytes.Span);
        return default;
    }

    public override async ValueTask<Descriptor> CommitAsync(
        string mediaType, Digest? expected = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(mediaType);
        ThrowIfEnded();
        string algorithm = expected?.Algorithm ?? Digest.Sha256;
        Digest actual = algorithm == Digest.Sha256
            ? Digest.FromHash(Digest.Sha256, _hash.GetCurrentHash())
            : await HashAgainAsync(algorithm, cancellationToken).ConfigureAwait(false);
        var descriptor = new Descriptor { MediaType = mediaType, Digest = actual, Size = _file.Length };
        if (expected is { } digest && actual != digest)
        {
            throw ContentVerificationException.Mismatch(descriptor with { Digest = digest }, actual);
        }

        cancellationToken.ThrowIfCancellationRequested();
        _writer.Flush(_file.SafeFileHandle);
        _writer.Publish(_path, actual);
        _ended = true;

        // The lock would go with the file to its final name, and keep others from reading it.
        await _file.DisposeAsync().ConfigureAwait(false);

        return descriptor;
    }

    public override ValueTask AbortAsync(CancellationToken cancellationToken = default)
    {
        if (!_ended)
        {
            _ended = true;
            File.Delete(_path);
        }

        return default;
    }

    public override ValueTask DisposeAsync()
    {
        _hash.Dispose();
        return _file.DisposeAsync();
    }

    private static async ValueTask HashAsync(FileStream file, IncrementalHash hash, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
        try
        {
            file.Position = 0;
            int read;
            while ((read = await file.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                hash.AppendData(buffer, 0, read);
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
        await HashAsync(_file, hash, cancellationToken).ConfigureAwait(false);
        return Digest.FromHash(algorithm, hash.GetCurrentHash());
    }

    private void ThrowIfEnded()
    {
        if (_ended)
        {
            throw new InvalidOperationException($"The ingest '{Key}' was committed or aborted.");
        }
    }
}
