using OciImage.Content;

namespace OciImage.Cli.Locations;

/// <summary>A location opened for reading, with the image that it names found.</summary>
/// <param name="source">The place.</param>
/// <param name="root">The manifest or index.</param>
/// <param name="tag">The tag that led there, or <see langword="null"/>.</param>
internal class OpenedImage(IImageSource source, Descriptor root, string? tag) : IAsyncDisposable
{
    public IImageSource Source { get; } = source;

    /// <summary>Gets the descriptor of the manifest or index.</summary>
    public Descriptor Root { get; } = root;

    /// <summary>Gets the tag that led there, or <see langword="null"/>.</summary>
    public string? Tag { get; } = tag;

    /// <summary>Gets the repository that the image is from, with its registry, or <see langword="null"/>.</summary>
    public virtual string? Repository => null;

    public static Task<OpenedImage> OpenAsync(
        ImageLocation location, PlaceAccess access, CancellationToken cancellationToken, int jobs = 0) =>
        location.OpenImageAsync(access, jobs, cancellationToken);

    public virtual ValueTask DisposeAsync() => default;
}
