using System.Buffers;
using System.IO.Compression;
using SharpCompress.Compressors.Xz;
using SharpCompress.Compressors.ZStandard;

namespace OciImage.Compression;

/// <summary>Decompresses within limits, refuses what is damaged or cut off, and reads its source to the end.</summary>
internal sealed class DecompressingStream : Stream
{
    private const int BufferSize = 128 * 1024;
    private const long FreeOfRatio = 64L * 1024 * 1024;

    // Empty gzip members cost time and bring nothing; real content is never this much larger compressed.
    private const long FreeOfEmptiness = 16L * 1024 * 1024;

    private readonly Stream _source;
    private readonly SourceStream _counted;
    private readonly Stream _codec;
    private readonly DecompressionOptions _options;
    private readonly CompressionFormat _format;
    private readonly bool _leaveOpen;
    private long _bytesOut;
    private bool _ended;
    private bool _disposed;

    public DecompressingStream(Stream source, CompressionFormat format, DecompressionOptions options, bool leaveOpen)
    {
        _source = source;
        _format = format;
        _options = options;
        _leaveOpen = leaveOpen;
        _counted = format == CompressionFormat.Gzip ? new GzipSource(source) : new SourceStream(source);
        _codec = format switch
        {
            CompressionFormat.Gzip => new GZipStream(_counted, CompressionMode.Decompress, leaveOpen: true),
            CompressionFormat.Zstd => new DecompressionStream(_counted, BufferSize, checkEndOfStream: true, leaveOpen: true),
            CompressionFormat.Xz => new XZStream(_counted),
            CompressionFormat.Bzip2 => new DelayedStream(() => SharpCompress.Compressors.BZip2.BZip2Stream.Create(
                _counted, SharpCompress.Compressors.CompressionMode.Decompress, true, true, true)),
            _ => _counted,
        };
    }

    public override bool CanRead => !_disposed;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _bytesOut;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_ended || buffer.IsEmpty)
        {
            return 0;
        }

        try
        {
            int read = _codec.Read(buffer);
            if (read > 0)
            {
                return Count(read);
            }

            CheckEnd();
            ReportRest(DrainSource());
            return 0;
        }
        catch (Exception exception) when (IsCodecs(exception))
        {
            throw Translate(exception);
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_ended || buffer.IsEmpty)
        {
            return 0;
        }

        try
        {
            int read = await _codec.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (read > 0)
            {
                return Count(read);
            }

            CheckEnd();
            ReportRest(await DrainSourceAsync(cancellationToken).ConfigureAwait(false));
            return 0;
        }
        catch (Exception exception) when (IsCodecs(exception))
        {
            throw Translate(exception);
        }
    }

    private int Count(int read)
    {
        _bytesOut += read;
        if (_bytesOut > _options.MaxSize)
        {
            throw Limit($"The content has more than {_options.MaxSize} bytes uncompressed.");
        }

        if (_options.MaxRatio > 0 && _bytesOut > FreeOfRatio && _bytesOut / _options.MaxRatio > _counted.BytesRead)
        {
            throw Limit($"{_counted.BytesRead} bytes became more than {_options.MaxRatio} times as many.");
        }

        if (_counted.BytesRead - FreeOfEmptiness > 2 * _bytesOut && _format != CompressionFormat.None)
        {
            throw Limit($"{_counted.BytesRead} bytes became only {_bytesOut}.");
        }

        return read;
    }

    private void CheckEnd()
    {
        _ended = true;
        if (_format != CompressionFormat.None && _counted.BytesRead == 0)
        {
            throw new LayerException(LayerErrorKind.Malformed, $"The content is empty, expected {_format}.");
        }

        if (_counted is GzipSource { IsCutOff: true })
        {
            throw new LayerException(LayerErrorKind.Malformed, "The gzip content is cut off.");
        }
    }

    private bool DrainSource()
    {
        if (_counted is GzipSource { ReachedEnd: true })
        {
            return false;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            bool more = false;
            while (_source.Read(buffer) > 0)
            {
                more = true;
            }

            return more || _counted is GzipSource;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask<bool> DrainSourceAsync(CancellationToken cancellationToken)
    {
        if (_counted is GzipSource { ReachedEnd: true })
        {
            return false;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            bool more = false;
            while (await _source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) > 0)
            {
                more = true;
            }

            return more || _counted is GzipSource;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void ReportRest(bool more)
    {
        if (more)
        {
            _options.Report?.Invoke($"Bytes after the end of the {_format} content were passed over.");
        }
    }

    private bool IsCodecs(Exception exception) =>
        exception is not (OciException or OperationCanceledException) && _counted.Failure is null &&
        _format != CompressionFormat.None;

    private LayerException Translate(Exception exception)
    {
        _ended = true;
        return exception is ZstdException && exception.Message.Contains("memory", StringComparison.OrdinalIgnoreCase)
            ? new LayerException(
                LayerErrorKind.LimitExceeded, "The zstd content needs a window of more than 128 MiB.", null, exception)
            : new LayerException(
                LayerErrorKind.Malformed,
                $"The {_format} content is damaged or cut off: {Excerpt.Of(exception.Message)}",
                null,
                exception);
    }

    private LayerException Limit(string message)
    {
        _ended = true;
        return new LayerException(LayerErrorKind.LimitExceeded, message);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            if (_format != CompressionFormat.None)
            {
                _codec.Dispose();
            }

            if (!_leaveOpen)
            {
                _source.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
