using OciImage.Content;

namespace OciImage.Layout;

/// <summary>What an archive that is being written will list, and the documents that tell how images are made up.</summary>
internal sealed class ArchiveWriterIndex(ImageArchiveWriterOptions options)
{
    private const int MaxDepth = 4;

    private readonly Dictionary<Digest, (Descriptor Descriptor, ReadOnlyMemory<byte> Bytes)> _documents = [];
    private readonly List<(ArchiveName Name, Descriptor Descriptor)> _tagged = [];
    private readonly List<Descriptor> _untagged = [];
    private readonly List<Referrer> _referrers = [];

    private readonly PlatformMatcher _matcher =
        options.DockerPlatform is null ? PlatformMatcher.Current : new PlatformMatcher(options.DockerPlatform);

    public void AddDocument(Descriptor descriptor, ReadOnlyMemory<byte> bytes)
    {
        _documents[descriptor.Digest] = (descriptor.ToContentDescriptor(), bytes);
        if (Referrer.Find(descriptor.ToContentDescriptor(), bytes) is { } referrer)
        {
            _referrers.Add(referrer);
        }
    }

    // A null of its own type: a bare one would become empty bytes here.
    public ReadOnlyMemory<byte>? FindDocument(Digest digest) =>
        _documents.TryGetValue(digest, out (Descriptor Descriptor, ReadOnlyMemory<byte> Bytes) document)
            ? document.Bytes
            : (ReadOnlyMemory<byte>?)null;

    public Descriptor? FindDescriptor(Digest digest) =>
        _documents.TryGetValue(digest, out (Descriptor Descriptor, ReadOnlyMemory<byte> Bytes) document) ? document.Descriptor : null;

    public void Tag(ArchiveName name, Descriptor descriptor)
    {
        int known = _tagged.FindIndex(entry => entry.Name == name);
        if (known >= 0)
        {
            _tagged[known] = (name, descriptor);
        }
        else
        {
            _tagged.Add((name, descriptor));
        }
    }

    public void AddRoot(Descriptor descriptor)
    {
        if (!_untagged.Any(root => root.Digest == descriptor.Digest))
        {
            _untagged.Add(descriptor);
        }
    }

    public Descriptor? Find(ArchiveName name) => _tagged.FirstOrDefault(entry => entry.Name == name).Descriptor;

    public IEnumerable<Descriptor> FindReferrers(Digest subject) => _referrers
        .Where(referrer => referrer.Subject == subject)
        .Select(referrer => referrer.Descriptor)
        .DistinctBy(descriptor => descriptor.Digest)
        .OrderBy(descriptor => descriptor.Digest);

    /// <summary>Returns the entries of <c>index.json</c>: what has names, what has none, and what refers to others and is found by that only.</summary>
    public IReadOnlyList<Descriptor> MakeEntries()
    {
        var listed = new HashSet<Digest>(_tagged.Select(entry => entry.Descriptor.Digest));
        var entries = _tagged.Select(entry => entry.Name.AddTo(entry.Descriptor)).ToList();
        entries.AddRange(_untagged.Where(root => listed.Add(root.Digest)).Select(ArchiveName.Strip));
        entries.AddRange(_referrers
            .Where(referrer => listed.Add(referrer.Descriptor.Digest))
            .Select(referrer => referrer.Descriptor));

        return entries;
    }

    /// <summary>Returns the images that Docker can load, with their names.</summary>
    /// <param name="hasContent">Tells whether content was written.</param>
    public IReadOnlyList<DockerManifestEntry> MakeDockerEntries(Func<Digest, bool> hasContent)
    {
        var images = new List<(ImageManifest Manifest, List<string> Tags)>();
        var known = new Dictionary<Digest, int>();
        IEnumerable<(ArchiveName Name, Descriptor Descriptor)> roots =
            [.. _tagged, .. _untagged.Select(root => (default(ArchiveName), root))];
        foreach ((ArchiveName name, Descriptor root) in roots)
        {
            if (TrySelectImage(root, hasContent) is not { } selected)
            {
                continue;
            }

            if (!known.TryGetValue(selected.Digest, out int number))
            {
                known[selected.Digest] = number = images.Count;
                images.Add((selected.Manifest, []));
            }

            if (name.Full is { } full && !images[number].Tags.Contains(DockerManifest.ToFamiliar(full)))
            {
                images[number].Tags.Add(DockerManifest.ToFamiliar(full));
            }
        }

        return [.. images.Select(image => new DockerManifestEntry
        {
            Config = ImageArchiveWriter.NameOf(image.Manifest.Config.Digest),
            RepoTags = image.Tags.Count == 0 ? null : image.Tags,
            Layers = [.. image.Manifest.Layers.Select(layer => ImageArchiveWriter.NameOf(layer.Digest))],
        })];
    }

    private (Digest Digest, ImageManifest Manifest)? TrySelectImage(Descriptor root, Func<Digest, bool> hasContent)
    {
        try
        {
            return SelectImage(root, 0, hasContent);
        }
        catch (DocumentFormatException)
        {
            // It is carried as it is, and no image that Docker could load.
            return null;
        }
    }

    // Of an index Docker gets one platform: the wanted one, or the only one there is.
    private (Digest Digest, ImageManifest Manifest)? SelectImage(Descriptor root, int depth, Func<Digest, bool> hasContent)
    {
        if (depth > MaxDepth || FindDocument(root.Digest) is not { } bytes)
        {
            return null;
        }

        if (MediaTypes.IsManifest(root.MediaType))
        {
            ImageManifest manifest = OciDocument<ImageManifest>.Parse(bytes, root.MediaType).Value;
            bool isImage = MediaTypes.IsImageConfig(manifest.Config.MediaType) && manifest.Layers.All(layer => MediaTypes.IsLayer(layer.MediaType)) &&
                manifest.Layers.Append(manifest.Config).All(part => hasContent(part.Digest));
            return isImage ? (root.Digest, manifest) : null;
        }

        if (!MediaTypes.IsIndex(root.MediaType))
        {
            return null;
        }

        IReadOnlyList<Descriptor> children = OciDocument<ImageIndex>.Parse(bytes, root.MediaType).Value.Manifests;
        if (_matcher.Select(children.Where(child => FindDocument(child.Digest) is not null)) is { } best &&
            SelectImage(best, depth + 1, hasContent) is { } wanted)
        {
            return wanted;
        }

        List<(Digest Digest, ImageManifest Manifest)> images =
            [.. children.Select(child => SelectImage(child, depth + 1, hasContent)).OfType<(Digest, ImageManifest)>()];
        return images.DistinctBy(image => image.Digest).Count() == 1 ? images[0] : null;
    }
}
