namespace OciImage.TestKit;

/// <summary>Gives fewer bytes than are asked for, as a network does; asynchronous reads complete late.</summary>
public sealed class TrickleStream(Stream inner, int atMost = 1) : ForwardStream(inner)
{
    /// <inheritdoc/>
    public override int Read(Span<byte> buffer) => Inner.Read(buffer[..Math.Min(atMost, buffer.Length)]);

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        return await Inner.ReadAsync(buffer[..Math.Min(atMost, buffer.Length)], cancellationToken);
    }
}
