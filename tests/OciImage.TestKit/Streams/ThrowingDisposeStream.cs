namespace OciImage.TestKit;

/// <summary>Throws when it is disposed, as a connection that is reset at its end.</summary>
public sealed class ThrowingDisposeStream(Stream inner) : ForwardStream(inner)
{
    /// <inheritdoc/>
    public override int Read(Span<byte> buffer) => Inner.Read(buffer);

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Inner.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        throw new IOException("The connection was reset.");
    }
}
