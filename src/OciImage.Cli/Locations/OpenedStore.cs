using OciImage.Content;

namespace OciImage.Cli.Locations;

/// <summary>A location opened for writing, or for questions that need no image to be there.</summary>
internal class OpenedStore(IImageStore store) : IAsyncDisposable
{
    public IImageStore Store { get; } = store;

    /// <summary>Gets how many pieces of content may be written at the same time.</summary>
    public virtual int MaxConcurrency => int.MaxValue;

    /// <summary>Gets the platform that is taken of an index where none is named, or <see langword="null"/> where a place holds all.</summary>
    public virtual Platform? OnlyPlatform => null;

    /// <summary>Gets whether signatures and the like stay beside the image that they refer to.</summary>
    public virtual bool KeepsReferrers => true;

    /// <summary>Gets the tag that an image gets where the destination names none, and the source had one or none.</summary>
    public virtual string? InheritTag(string? tag) => tag;

    /// <summary>Opens a location; a registry is spoken to with the client of the image that is copied, where that can be.</summary>
    public static Task<OpenedStore> OpenAsync(
        ImageLocation location,
        PlaceAccess access,
        bool create,
        CancellationToken cancellationToken,
        int jobs = 0,
        OpenedImage? origin = null) =>
        location.OpenStoreAsync(access, create, jobs, origin, cancellationToken);

    /// <summary>Ends the writing of an image; until then nothing of it need be visible, and what has no tag need not be found.</summary>
    public virtual Task CompleteAsync(Descriptor root, string? tag, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Lists what the place has, with names in annotations; <see langword="null"/> where it only lists tags.</summary>
    public virtual Task<IReadOnlyList<Descriptor>?> ReadRootsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Descriptor>?>(null);

    /// <summary>Finds the size of a blob of which only the digest is known.</summary>
    public virtual async Task<Descriptor> FindBlobAsync(Digest digest, CancellationToken cancellationToken) =>
        await Store.ResolveAsync(digest.ToString(), cancellationToken);

    public virtual ValueTask DisposeAsync() => default;
}
