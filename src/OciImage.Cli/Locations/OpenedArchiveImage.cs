using OciImage.Layout;

namespace OciImage.Cli.Locations;

/// <summary>An image in an archive, with the archive that is read.</summary>
/// <param name="archive">The archive.</param>
/// <param name="root">The manifest or index.</param>
/// <param name="entry">The entry of the archive with its names, or <see langword="null"/>.</param>
internal sealed class OpenedArchiveImage(ImageArchive archive, Descriptor root, Descriptor? entry)
    : OpenedImage(archive, root, TagOf(entry))
{
    public override string? Repository => NameOf(entry) is { } name ? $"{name.Registry}/{name.Repository}" : null;

    /// <summary>Gets the tag of an entry: that of its whole name, or what the layout calls it.</summary>
    public static string? TagOf(Descriptor? entry) =>
        NameOf(entry)?.Tag ?? entry?.Annotations.GetValueOrDefault(AnnotationKeys.RefName);

    /// <summary>Gets the whole name of an entry, or <see langword="null"/>.</summary>
    public static ImageReference? NameOf(Descriptor? entry) =>
        ImageReference.TryParse(entry?.Annotations.GetValueOrDefault(AnnotationKeys.ContainerdImageName), out ImageReference? name)
            ? name
            : null;

    public override async ValueTask DisposeAsync()
    {
        await archive.DisposeAsync();
        await base.DisposeAsync();
    }
}
