using SharpCompress.Compressors.Xz;

namespace OciImage.Compression;

/// <summary>Reads every stream of an xz file; the codec reads one.</summary>
internal sealed class XzMembers(SourceStream source) : Stream
{
    private XZStream? _current;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        _current ??= new XZStream(source);
        while (true)
        {
            int read = _current.Read(buffer, offset, count);
            if (read > 0 || !StartsAnother())
            {
                return read;
            }

            _current = new XZStream(source);
        }
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    // Streams may have zeros between them, four at a time.
    private bool StartsAnother()
    {
        Span<byte> padding = stackalloc byte[4];
        while (source.Peek(4) is [0, 0, 0, 0])
        {
            source.ReadExactly(padding);
        }

        return LayerCompression.Detect(source.Peek(LayerCompression.MagicLength)) == CompressionFormat.Xz;
    }
}
