using OciImage.Cli.Locations;
using OciImage.Content;
using OciImage.Layout;

namespace OciImage.Cli.Commands;

/// <summary>Puts images into an archive, one after the other.</summary>
internal sealed class ArchiveExport(ImageArchiveWriter writer, PlaceAccess access, CopyOptions options)
{
    private readonly List<(string Name, Descriptor Root)> _images = [];

    /// <summary>Gets what was exported, by the names in the archive, or digests where there are none.</summary>
    public IReadOnlyList<(string Name, Descriptor Root)> Images => _images;

    public async Task AddAsync(ImageLocation place, string? name, CancellationToken cancellationToken)
    {
        if (place is { Tag: null, Digest: null } and (LayoutLocation or ArchiveLocation) && name is null)
        {
            await using OpenedStore store = await OpenedStore.OpenAsync(place, access, create: false, cancellationToken);
            foreach (Descriptor root in await store.ReadRootsAsync(cancellationToken) ?? [])
            {
                string? rootName = root.Annotations.GetValueOrDefault(AnnotationKeys.ContainerdImageName) ??
                    root.Annotations.GetValueOrDefault(AnnotationKeys.RefName);
                await CopyAsync(store.Store, root, rootName, cancellationToken);
            }

            return;
        }

        await using OpenedImage image = await OpenedImage.OpenAsync(place, access, cancellationToken);
        await CopyAsync(
            image.Source,
            image.Root,
            name ?? (image is { Repository: { } repository, Tag: { } tag } ? $"{repository}:{tag}" : image.Tag),
            cancellationToken);
    }

    private async Task CopyAsync(IContentFetcher source, Descriptor root, string? name, CancellationToken cancellationToken)
    {
        try
        {
            Descriptor copied = await ContentCopy.CopyGraphAsync(source, writer, root, name, options, cancellationToken);
            if (name is null)
            {
                await writer.AddRootAsync(copied, cancellationToken);
            }

            _images.Add((name ?? copied.Digest.ToString(), copied));
        }
        catch (ArgumentException exception) when (name is not null)
        {
            throw new UsageException($"'{name}' cannot be the name of an image in an archive. Give another with '--name'.", exception);
        }
    }
}
