namespace OciImage.Content;

/// <summary>Content on its way into a store. Nothing of it is visible before <see cref="CommitAsync"/>.</summary>
/// <remarks>
/// Disposing without commit or abort leaves the bytes in place, to be resumed under the same key. An instance is used
/// by one caller at a time.
/// </remarks>
public abstract class ContentIngest : IAsyncDisposable
{
    /// <summary>Gets the key of the ingest.</summary>
    public abstract string Key { get; }

    /// <summary>Gets the number of bytes taken in.</summary>
    public abstract long Offset { get; }

    /// <summary>Appends bytes.</summary>
    /// <param name="bytes">The bytes, not kept after the call.</param>
    /// <param name="cancellationToken">Cancels the write; <see cref="Offset"/> then says what was taken in.</param>
    /// <returns>A task that ends when the bytes are taken in.</returns>
    /// <exception cref="InvalidOperationException">The ingest was committed or aborted.</exception>
    public abstract ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default);

    /// <summary>Makes the content visible under its digest.</summary>
    /// <param name="mediaType">The media type of the descriptor that is returned.</param>
    /// <param name="expected">The digest the content must have, or <see langword="null"/> to compute sha256.</param>
    /// <param name="cancellationToken">Cancels the commit; the ingest is then as it was.</param>
    /// <returns>The descriptor of the content.</returns>
    /// <exception cref="ContentVerificationException">The content has another digest; the ingest is as it was and can be aborted.</exception>
    /// <exception cref="InvalidOperationException">The ingest was committed or aborted.</exception>
    public abstract ValueTask<Descriptor> CommitAsync(
        string mediaType, Digest? expected = null, CancellationToken cancellationToken = default);

    /// <summary>Gives the ingest up and removes its bytes. Aborting twice is harmless.</summary>
    /// <param name="cancellationToken">Cancels the removal.</param>
    /// <returns>A task that ends when the bytes are gone.</returns>
    public abstract ValueTask AbortAsync(CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
