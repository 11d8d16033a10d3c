namespace OciImage.Compression;

/// <summary>Reads as much as was asked for, since the codec of xz takes less for the end.</summary>
internal sealed class FillingSource(Stream source) : SourceStream(source)
{
    public override int Read(Span<byte> buffer)
    {
        int count = 0;
        while (count < buffer.Length && base.Read(buffer[count..]) is > 0 and int read)
        {
            count += read;
        }

        return count;
    }
}
