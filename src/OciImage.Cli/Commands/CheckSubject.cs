using OciImage.Cli.Locations;
using OciImage.Content;
using OciImage.Layout;

namespace OciImage.Cli.Commands;

/// <summary>What a check reads: one image, or all that a layout has.</summary>
internal sealed class CheckSubject(
    IContentFetcher source, IReadOnlyList<Descriptor> roots, IReadOnlyList<Descriptor> others, IAsyncDisposable opened)
    : IAsyncDisposable
{
    public IContentFetcher Source => source;

    /// <summary>Gets the manifests and indexes that have a name, or are listed without one.</summary>
    public IReadOnlyList<Descriptor> Roots => roots;

    /// <summary>Gets the roots, and then what is read although nothing may name it.</summary>
    public IReadOnlyList<Descriptor> All { get; } = [.. roots, .. others];

    public static async Task<CheckSubject> OpenAsync(
        ImageLocation place, PlaceAccess access, bool allBlobs, CancellationToken cancellationToken)
    {
        if (place is not LayoutLocation { Tag: null, Digest: null })
        {
            if (allBlobs)
            {
                throw new UsageException($"'--all-blobs' reads a whole layout, written 'oci:DIR', and not '{place}'.");
            }

            OpenedImage image = await OpenedImage.OpenAsync(place, access, cancellationToken);
            return new CheckSubject(image.Source, [image.Root], [], image);
        }

        OpenedStore store = await OpenedStore.OpenAsync(place, access, create: false, cancellationToken);
        var layout = (OciLayout)store.Store;

        // Every entry, of whatever namespace or lease: they share the blobs.
        IEnumerable<Descriptor> roots = (await layout.ReadIndexAsync(cancellationToken)).Value.Manifests
            .Select(entry => entry.ToContentDescriptor())
            .DistinctBy(root => (root.Digest, root.MediaType, root.Size));
        Descriptor[] others = allBlobs ? await layout.ListBlobsAsync(cancellationToken).ToArrayAsync(cancellationToken) : [];

        return new CheckSubject(layout, [.. roots], others, store);
    }

    public ValueTask DisposeAsync() => opened.DisposeAsync();
}
