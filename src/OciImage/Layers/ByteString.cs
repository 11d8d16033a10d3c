namespace OciImage.Layers;

/// <summary>Bytes that compare by content, as keys.</summary>
internal readonly struct ByteString(byte[] bytes) : IEquatable<ByteString>
{
    public byte[] Bytes { get; } = bytes;

    public bool Equals(ByteString other) => Bytes.AsSpan().SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => obj is ByteString other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }
}
