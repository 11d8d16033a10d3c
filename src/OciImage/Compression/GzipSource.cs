namespace OciImage.Compression;

/// <summary>Finds out whether a gzip stream is whole, which <see cref="System.IO.Compression.GZipStream"/> does not say.</summary>
/// <remarks>
/// GZipStream takes the end of its source for the end of a member and returns what it has. So the source ends here with
/// one more member, empty, and a byte that starts none. A decoder between members takes that member and stops at the byte,
/// without asking again. A decoder within a member takes both for data: it finds an error, or it asks again.
/// </remarks>
internal sealed class GzipSource(Stream source) : SourceStream(source)
{
    public static readonly byte[] EmptyMember =
        [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    private static readonly byte[] Sentinel = [.. EmptyMember, (byte)'X'];

    private int _sentinelLeft = Sentinel.Length;

    /// <summary>Gets whether the decoder asked for bytes at the end of the source.</summary>
    public bool ReachedEnd { get; private set; }

    /// <summary>Gets whether the decoder asked for bytes beyond the sentinel: it is within a member.</summary>
    public bool IsCutOff { get; private set; }

    protected override int AtEnd(Span<byte> buffer)
    {
        if (ReachedEnd && _sentinelLeft == 0)
        {
            IsCutOff = true;
            return 0;
        }

        ReachedEnd = true;
        int count = Math.Min(buffer.Length, _sentinelLeft);
        Sentinel.AsSpan(Sentinel.Length - _sentinelLeft, count).CopyTo(buffer);
        _sentinelLeft -= count;

        return count;
    }
}
