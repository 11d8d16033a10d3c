namespace OciImage.Content;

/// <summary>Content that can be opened again, from an offset, so that an interrupted transfer goes on.</summary>
/// <remarks>
/// Content of a store is verified when it is read from its start. After an offset it is not, where the store can give the rest
/// alone (<see cref="IContentRangeFetcher"/>): what was left out is not read, so nothing can be hashed. Whoever puts the two
/// together, as the target of a transfer does, verifies the whole.
/// </remarks>
public abstract class ReplayableContent
{
    /// <summary>Gets the content as parts that are worth fetching at the same time, or <see langword="null"/>.</summary>
    internal virtual RangedContent? Ranges => null;

    /// <summary>Opens the content. Bytes after an offset may be unverified; see the remarks of the class.</summary>
    /// <param name="offset">The number of bytes to leave out at the start; at most the content's length.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>A stream over the rest of the content, which the caller disposes.</returns>
    public abstract ValueTask<Stream> OpenAsync(long offset = 0, CancellationToken cancellationToken = default);

    /// <summary>Makes content of bytes.</summary>
    /// <param name="bytes">The bytes; not copied, so they must not change.</param>
    /// <returns>The content.</returns>
    public static ReplayableContent FromBytes(ReadOnlyMemory<byte> bytes) => new BytesContent(bytes);

    /// <summary>Makes content of a regular file, opened for each transfer.</summary>
    /// <param name="path">The path of the file.</param>
    /// <returns>The content.</returns>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public static ReplayableContent FromFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new FileContent(path);
    }

    /// <summary>Makes content of what another store has; verified as it is read from its start, and unverified after an offset.</summary>
    /// <param name="source">The store.</param>
    /// <param name="descriptor">The content.</param>
    /// <returns>The content.</returns>
    public static ReplayableContent FromFetcher(IContentFetcher source, Descriptor descriptor)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(descriptor);
        return new FetchedContent(source, descriptor);
    }

    /// <summary>Opens the rest of content alone, where its store can.</summary>
    private protected static ValueTask<UnverifiedRangeStream?> TryOpenRestAsync(
        IContentFetcher source, Descriptor descriptor, long offset, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, descriptor.Size);
        return source is IContentRangeFetcher ranges
            ? ranges.TryOpenRangeAsync(descriptor, offset, descriptor.Size - offset, cancellationToken)
            : new((UnverifiedRangeStream?)null);
    }

    private sealed class BytesContent(ReadOnlyMemory<byte> bytes) : ReplayableContent
    {
        public override ValueTask<Stream> OpenAsync(long offset, CancellationToken cancellationToken)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(offset);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, bytes.Length);
            return new(MemoryContent.OpenRead(bytes[(int)offset..]));
        }
    }

    private sealed class FileContent(string path) : ReplayableContent
    {
        public override ValueTask<Stream> OpenAsync(long offset, CancellationToken cancellationToken)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(offset);
            var stream = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
            if (offset > stream.Length)
            {
                stream.Dispose();
                throw new ArgumentOutOfRangeException(
                    nameof(offset), offset, $"'{path}' has not as many bytes as are to be left out.");
            }

            stream.Position = offset;
            return new(stream);
        }
    }

    private sealed class FetchedContent(IContentFetcher source, Descriptor descriptor) : ReplayableContent
    {
        public override async ValueTask<Stream> OpenAsync(long offset, CancellationToken cancellationToken)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(offset);
            if (offset > 0 && await TryOpenRestAsync(source, descriptor, offset, cancellationToken).ConfigureAwait(false) is { } rest)
            {
                return rest;
            }

            ContentStream stream = await source.OpenReadAsync(descriptor, cancellationToken).ConfigureAwait(false);
            try
            {
                await stream.SkipAsync(offset, cancellationToken).ConfigureAwait(false);
                return stream;
            }
            catch
            {
                await stream.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }
}
