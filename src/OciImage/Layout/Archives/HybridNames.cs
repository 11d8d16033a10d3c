using OciImage.Content;

namespace OciImage.Layout;

/// <summary>Finds names for the entries of an <c>index.json</c> that has none, in the <c>manifest.json</c> beside it.</summary>
/// <remarks>The layout is what counts: where <c>manifest.json</c> is malformed, or says nothing certain, there are no names.</remarks>
internal sealed class HybridNames(ArchiveBytes bytes, ArchiveIndex index, string place, ImageArchiveOptions options)
{
    private const int MaxDocuments = 1000;
    private const int MaxDepth = 4;
    private const int HexLength = 64;

    private readonly Dictionary<Digest, HashSet<int>> _rootsOfConfigs = [];
    private readonly Dictionary<Digest, byte[]?> _documents = [];

    /// <summary>Returns the entries with the names of <c>RepoTags</c>, one for each name, or the entries as they are.</summary>
    public async ValueTask<IReadOnlyList<Descriptor>> AddToAsync(IReadOnlyList<Descriptor> roots, CancellationToken cancellationToken)
    {
        if (roots.Any(root => ArchiveName.Of(root).Shown is not null) ||
            await ReadManifestAsync(cancellationToken).ConfigureAwait(false) is not { } images ||
            images.All(image => image.RepoTags is null or []))
        {
            return roots;
        }

        for (int i = 0; i < roots.Count; i++)
        {
            await FindConfigsAsync(roots[i], i, 0, cancellationToken).ConfigureAwait(false);
        }

        var names = new List<ArchiveName>?[roots.Count];
        foreach (DockerManifestEntry image in images)
        {
            // A configuration below two entries names neither.
            if (DigestOf(image.Config) is { } config && _rootsOfConfigs.TryGetValue(config, out HashSet<int>? found) && found.Count == 1)
            {
                (names[found.Single()] ??= []).AddRange((image.RepoTags ?? []).Where(ArchiveName.IsValid).Select(ArchiveName.OfRepoTag));
            }
        }

        return
        [
            .. roots.SelectMany((root, i) => names[i] is { Count: > 0 } all ? all.Distinct().Select(name => name.AddTo(root)) : [root]),
        ];
    }

    private async ValueTask<IReadOnlyList<DockerManifestEntry>?> ReadManifestAsync(CancellationToken cancellationToken)
    {
        try
        {
            return index.Find(DockerManifest.FileName) is { } entry
                ? DockerManifest.Parse(
                    await ArchiveDocuments.ReadAsync(
                        bytes, entry, DockerManifest.FileName, options.MaxIndexSize, place, cancellationToken).ConfigureAwait(false),
                    place)
                : null;
        }
        catch (DocumentFormatException)
        {
            return null;
        }
    }

    private async ValueTask FindConfigsAsync(Descriptor node, int root, int depth, CancellationToken cancellationToken)
    {
        if (depth > MaxDepth || !ContentGraph.HasChildren(node) ||
            await ReadDocumentAsync(node.ToContentDescriptor(), cancellationToken).ConfigureAwait(false) is not { } document)
        {
            return;
        }

        IReadOnlyList<Descriptor> children;
        try
        {
            children = ContentGraph.ParseChildren(node.ToContentDescriptor(), document, new DocumentOptions());
        }
        catch (DocumentFormatException)
        {
            // Who asks for that document is told.
            return;
        }

        if (MediaTypes.IsManifest(node.MediaType))
        {
            Digest config = children[0].Digest;
            if (!_rootsOfConfigs.TryGetValue(config, out HashSet<int>? roots))
            {
                _rootsOfConfigs[config] = roots = [];
            }

            roots.Add(root);
            return;
        }

        foreach (Descriptor child in children)
        {
            await FindConfigsAsync(child, root, depth + 1, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<byte[]?> ReadDocumentAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        if (_documents.TryGetValue(descriptor.Digest, out byte[]? known))
        {
            return known;
        }

        if (_documents.Count == MaxDocuments || descriptor.Size > DocumentOptions.DefaultMaxSize || !descriptor.Digest.CanVerify)
        {
            return null;
        }

        byte[]? document = null;
        try
        {
            if (index.Find(ImageArchiveWriter.NameOf(descriptor.Digest), out _) is { } entry && entry.Length == descriptor.Size)
            {
                var stream = new ContentStream(new ArchiveBlob(entry).Open(bytes), descriptor);
                await using (stream.ConfigureAwait(false))
                {
                    document = await stream.ReadToEndAsync(DocumentOptions.DefaultMaxSize, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (ContentVerificationException)
        {
            // Who asks for that document is told.
        }

        return _documents[descriptor.Digest] = document;
    }

    // 'blobs/sha256/HEX', or 'HEX.json' as older ones have it.
    private static Digest? DigestOf(string config)
    {
        string name = config[(config.LastIndexOf('/') + 1)..];
        string hex = name.EndsWith(".json", StringComparison.Ordinal) ? name[..^".json".Length] : name;
        return hex.Length == HexLength && Digest.TryParse($"{Digest.Sha256}:{hex}", out Digest digest) ? digest : null;
    }
}
