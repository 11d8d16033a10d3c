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
        if (place is { Tag: null, Digest: null } and (LayoutLocation or ArchiveLocation { Number: null }) && name is null)
        {
            await using OpenedStore store = await OpenedStore.OpenAsync(place, access, create: false, cancellationToken);
            foreach (Descriptor root in await store.ReadRootsAsync(cancellationToken) ?? [])
            {
                await CopyAsync(store.Store, root, NameOf(root), cancellationToken);
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

    // What a layout calls its entry counts, also where containerd's name is that of the entry before it was tagged anew.
    private static string? NameOf(Descriptor root)
    {
        string? refName = root.Annotations.GetValueOrDefault(AnnotationKeys.RefName);
        return OpenedArchiveImage.NameOf(root) is not { } whole ? refName
            : refName is null ? whole.ToString()
            : refName.AsSpan().ContainsAny('/', ':') ? refName
            : $"{whole.Registry}/{whole.Repository}:{refName}";
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
