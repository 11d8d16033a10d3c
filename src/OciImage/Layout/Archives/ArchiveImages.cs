namespace OciImage.Layout;

/// <summary>The images of an archive and their content, whatever its format is.</summary>
internal abstract class ArchiveImages : IDisposable
{
    public abstract ImageArchiveFormat Format { get; }

    /// <summary>Gets the names, without looking at any image.</summary>
    public abstract IReadOnlyList<ArchiveName> Names { get; }

    /// <summary>Returns the roots, or those that have a wanted name.</summary>
    public abstract ValueTask<IReadOnlyList<Descriptor>> ReadRootsAsync(
        Func<ArchiveName, bool>? isWanted, CancellationToken cancellationToken);

    /// <summary>Finds content.</summary>
    /// <param name="digest">Its digest.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    /// <returns>The content, or <see langword="null"/>.</returns>
    /// <exception cref="DocumentFormatException">What stands there is no regular file, or stands there twice.</exception>
    public abstract ValueTask<ArchiveBlob?> FindAsync(Digest digest, CancellationToken cancellationToken);

    public virtual void Dispose()
    {
    }
}
