using System.IO.Compression;
using System.Numerics;
using System.Runtime.ExceptionServices;
using SharpCompress.Compressors.ZStandard;
using SharpCompress.Compressors.ZStandard.Unsafe;

namespace OciImage.Compression;

/// <summary>Decompresses within limits, refuses what is damaged or cut off, and reads its source to the end.</summary>
internal sealed class DecompressingStream : Stream
{
    private const int BufferSize = 128 * 1024;
    private const long FreeOfRatio = 64L * 1024 * 1024;

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
        _counted = format switch
        {
            CompressionFormat.Gzip => new GzipSource(source),
            CompressionFormat.Xz => new FillingSource(source),
            _ => new SourceStream(source),
        };
        _codec = format switch
        {
            CompressionFormat.Gzip => new GZipStream(_counted, CompressionMode.Decompress, leaveOpen: true),
            CompressionFormat.Zstd => OpenZstd(_counted, options.MaxZstdWindowSize),
            CompressionFormat.Xz => new XzMembers(_counted),
            CompressionFormat.Bzip2 => new DelayedStream(() => SharpCompress.Compressors.BZip2.BZip2Stream.Create(
                _counted, SharpCompress.Compressors.CompressionMode.Decompress, true, true, false)),
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
            ReportRest(_counted.Drain());
            return 0;
        }
        catch (Exception exception)
        {
            ThrowIfSourceFailed();
            if (!IsCodecs(exception))
            {
                throw;
            }

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
            ReportRest(await _counted.DrainAsync(cancellationToken).ConfigureAwait(false));
            return 0;
        }
        catch (Exception exception)
        {
            ThrowIfSourceFailed();
            if (!IsCodecs(exception))
            {
                throw;
            }

            throw Translate(exception);
        }
    }

    private static DecompressionStream OpenZstd(Stream source, int maxWindowSize)
    {
        var stream = new DecompressionStream(source, BufferSize, checkEndOfStream: true, leaveOpen: true);
        stream.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, BitOperations.Log2((uint)maxWindowSize));

        return stream;
    }

    private int Count(int read)
    {
        _bytesOut += read;
        _counted.BytesOut = _bytesOut;
        if (_bytesOut > _options.MaxSize)
        {
            throw Limit($"The content has more than {_options.MaxSize} bytes uncompressed.");
        }

        if (_options.MaxRatio > 0 && _bytesOut > FreeOfRatio && _bytesOut / _options.MaxRatio > _counted.BytesRead)
        {
            throw Limit($"{_counted.BytesRead} bytes became more than {_options.MaxRatio} times as many.");
        }

        return read;
    }

    private void CheckEnd()
    {
        ThrowIfSourceFailed();
        _ended = true;
        if (_format != CompressionFormat.None && _counted.BytesRead == 0)
        {
            throw new LayerException(LayerErrorKind.Malformed, $"The content is empty, expected {_format}.");
        }

        if (_counted is GzipSource { IsCutOff: true })
        {
            throw new LayerException(LayerErrorKind.Malformed, "The Gzip content is cut off.");
        }
    }

    private void ReportRest(bool more)
    {
        // The codec of gzip takes bytes ahead: one that never asked at the end has some that are no member.
        if (more || _counted is GzipSource { ReachedEnd: false })
        {
            _options.Report?.Invoke($"Bytes after the end of the {_format} content were passed over.");
        }
    }

    private bool IsCodecs(Exception exception) =>
        exception is not (OciException or OperationCanceledException) && _format != CompressionFormat.None;

    // Some codecs swallow what their source throws, and say instead that content is damaged.
    private void ThrowIfSourceFailed()
    {
        if (_counted.Failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    private LayerException Translate(Exception exception)
    {
        _ended = true;
        (LayerErrorKind kind, string message) = exception switch
        {
            ZstdException { Code: ZSTD_ErrorCode.ZSTD_error_frameParameter_windowTooLarge } => (
                LayerErrorKind.LimitExceeded,
                $"The Zstd content needs a window of more than {_options.MaxZstdWindowSize} bytes."),
            ZstdException { Code: ZSTD_ErrorCode.ZSTD_error_dictionary_wrong } => (
                LayerErrorKind.Unsupported, "The Zstd content needs a dictionary."),
            _ => (
                LayerErrorKind.Malformed,
                $"The {_format} content is damaged or cut off: {Excerpt.Of(exception.Message)}"),
        };

        return new LayerException(kind, message, null, exception);
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

            _counted.Release();
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
