namespace OciImage.Layers;

/// <summary>Orders paths by bytes with the slash before all others, so that a directory's content follows it at once.</summary>
internal sealed class PathOrder : IComparer<ByteString>
{
    public static PathOrder Instance { get; } = new();

    public int Compare(ByteString x, ByteString y)
    {
        ReadOnlySpan<byte> left = x.Bytes;
        ReadOnlySpan<byte> right = y.Bytes;
        int common = left.CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        return Rank(left[common]).CompareTo(Rank(right[common]));
    }

    private static int Rank(byte value) => value == '/' ? -1 : value;
}
