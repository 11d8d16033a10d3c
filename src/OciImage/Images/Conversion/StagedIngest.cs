using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using OciImage.Content;

namespace OciImage.Images;

/// <summary>Content in a temporary file, for a target that wants the digest before the bytes.</summary>
/// <remarks>On Unix the file has no name once it is open, so that not even a killed process leaves it behind.</remarks>
internal sealed class StagedIngest : ContentIngest
{
    private readonly IContentStore _target;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _offset;
    private bool _ended;

    private StagedIngest(IContentStore target, string key, FileStream file)
    {
        _target = target;
        _file = file;
        Key = key;
    }

    public override string Key { get; }

    public override long Offset => _offset;

    /// <summary>Makes the file, which nobody else can read.</summary>
    /// <exception cref="IOException">The directory is missing or cannot be written to.</exception>
    public static StagedIngest Create(IContentStore target, string? directory)
    {
        string key = $"ociimage-{Guid.NewGuid():N}";
        string path = Path.Combine(directory ?? Path.GetTempPath(), $"{key}.tmp");
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 0,
            Options = FileOptions.Asynchronous,
        };
        if (OperatingSystem.IsWindows())
        {
            options.Options |= FileOptions.DeleteOnClose;
        }
        else
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var file = new FileStream(path, options);
        if (!OperatingSystem.IsWindows())
        {
            File.Delete(path);
        }

        return new StagedIngest(target, key, file);
    }

    public override ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        ThrowIfEnded();
        cancellationToken.ThrowIfCancellationRequested();
        RandomAccess.Write(_file.SafeFileHandle, bytes.Span, _offset);
        _hash.AppendData(bytes.Span);
        _offset += bytes.Length;

        return default;
    }

    public override async ValueTask<Descriptor> CommitAsync(
        string mediaType, Digest? expected = null, CancellationToken cancellationToken = default)
    {
        ThrowIfEnded();
        var descriptor = new Descriptor
        {
            MediaType = mediaType,
            Digest = Digest.FromHash(Digest.Sha256, _hash.GetCurrentHash()),
            Size = _offset,
        };
        if (expected is { } digest && digest != descriptor.Digest)
        {
            throw ContentVerificationException.Mismatch(descriptor with { Digest = digest }, descriptor.Digest);
        }

        if (!await _target.ExistsAsync(descriptor, cancellationToken).ConfigureAwait(false))
        {
            await _target
                .PushAsync(descriptor, new StagedContent(_file.SafeFileHandle, _offset), cancellationToken)
                .ConfigureAwait(false);
        }

        _ended = true;
        return descriptor;
    }

    public override ValueTask AbortAsync(CancellationToken cancellationToken = default)
    {
        _ended = true;
        return default;
    }

    public override async ValueTask DisposeAsync()
    {
        _hash.Dispose();
        await _file.DisposeAsync().ConfigureAwait(false);
    }

    private void ThrowIfEnded()
    {
        if (_ended)
        {
            throw new InvalidOperationException($"The ingest '{Key}' was committed or aborted.");
        }
    }

    private sealed class StagedContent(SafeFileHandle handle, long length) : ReplayableContent
    {
        public override ValueTask<Stream> OpenAsync(long offset = 0, CancellationToken cancellationToken = default)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(offset);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, length);
            return new(new StagedStream(handle, offset, length));
        }
    }

    private sealed class StagedStream(SafeFileHandle handle, long start, long length) : ReadOnlyStream
    {
        private long _position = start;

        public override int Read(Span<byte> buffer)
        {
            int read = RandomAccess.Read(handle, buffer[..(int)Math.Min(buffer.Length, length - _position)], _position);
            _position += read;

            return read;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            // From the page cache, mostly: written a moment ago.
            cancellationToken.ThrowIfCancellationRequested();
            return new(Read(buffer.Span));
        }
    }
}
