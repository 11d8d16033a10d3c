namespace OciImage.Fuzz.Targets;

/// <summary>Gives its bytes in pieces of changing size, as networks do.</summary>
internal sealed class TrickleStream(byte[] bytes) : MemoryStream(bytes, writable: false)
{
    private static readonly int[] Sizes = [1, 511, 7, 512, 100, 3, 4096, 13];

    private int _turn;

    public override int Read(byte[] buffer, int offset, int count) =>
        base.Read(buffer, offset, Math.Min(count, Sizes[_turn++ % Sizes.Length]));

    // The base would not come by the override above.
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        byte[] piece = new byte[Math.Min(buffer.Length, Sizes[_turn % Sizes.Length])];
        int read = Read(piece, 0, piece.Length);
        piece.AsMemory(0, read).CopyTo(buffer);

        return new(read);
    }
}
