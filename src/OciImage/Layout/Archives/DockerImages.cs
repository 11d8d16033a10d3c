using System.Security.Cryptography;
using OciImage.Compression;

namespace OciImage.Layout;

/// <summary>The images of an archive that has Docker's <c>manifest.json</c> alone; each gets a manifest when it is asked for.</summary>
/// <remarks>
/// The manifest is always the same for the same archive, and the one that containerd makes: Docker's schema 2, the
/// configuration as it is, and the layers as they stand. The digest of an uncompressed layer is its DiffID, which reading
/// proves; a compressed one is read once for its digest.
/// </remarks>
internal sealed class DockerImages : ArchiveImages
{
    // Of all images together; an archive of thousands of honest ones has less.
    private const long MaxConfigBytes = 256L * 1024 * 1024;

    private readonly ArchiveIndex _index;
    private readonly ArchiveBytes _bytes;
    private readonly string _place;
    private readonly IReadOnlyList<DockerManifestEntry> _entries;
    private readonly ArchiveName[][] _names;
    private readonly Descriptor?[] _images;
    private readonly Dictionary<Digest, ArchiveBlob> _blobs = [];
    private readonly Dictionary<long, Digest> _hashed = [];
    private readonly SemaphoreSlim _turn = new(1);
    private long _configBytes;

    public DockerImages(
        ArchiveIndex index, ArchiveBytes bytes, IReadOnlyList<DockerManifestEntry> entries, string place)
    {
        _index = index;
        _bytes = bytes;
        _place = place;
        _entries = entries;
        _images = new Descriptor?[entries.Count];
        _names = [.. entries.Select(entry => (entry.RepoTags ?? []).Select(NameOf).ToArray())];
        Names = [.. _names.SelectMany(names => names)];
    }

    public override ImageArchiveFormat Format => ImageArchiveFormat.Docker;

    public override IReadOnlyList<ArchiveName> Names { get; }

    public override async ValueTask<IReadOnlyList<Descriptor>> ReadRootsAsync(
        Func<ArchiveName, bool>? isWanted, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var roots = new List<Descriptor>();
            for (int i = 0; i < _images.Length; i++)
            {
                ArchiveName[] names = isWanted is null ? _names[i] : [.. _names[i].Where(isWanted)];
                if (names.Length > 0 || isWanted is null)
                {
                    Descriptor image = await ReadImageAsync(i, cancellationToken).ConfigureAwait(false);
                    roots.AddRange(names.Length == 0 ? [image] : names.Select(name => name.AddTo(image)));
                }
            }

            return roots;
        }
        finally
        {
            _turn.Release();
        }
    }

    public override async ValueTask<ArchiveBlob?> FindAsync(Digest digest, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            for (int i = 0; i <= _images.Length; i++)
            {
                if (_blobs.TryGetValue(digest, out ArchiveBlob blob))
                {
                    return blob;
                }

                if (i < _images.Length)
                {
                    await ReadImageAsync(i, cancellationToken).ConfigureAwait(false);
                }
            }

            return null;
        }
        finally
        {
            _turn.Release();
        }
    }

    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    private static ArchiveName NameOf(string repoTag) =>
        !ArchiveName.IsValid(repoTag)
            ? throw new DocumentFormatException($"The name '{Excerpt.Of(repoTag)}' of {repoTag.Length} characters is not one of an image.")
            : ArchiveName.OfRepoTag(repoTag);

    private async ValueTask<Descriptor> ReadImageAsync(int number, CancellationToken cancellationToken)
    {
        if (_images[number] is { } known)
        {
            return known;
        }

        DockerManifestEntry entry = _entries[number];
        ArchiveEntry configEntry = _index.Follow(entry.Config);
        if (configEntry.Length > MaxConfigBytes - _configBytes)
        {
            throw new DocumentFormatException(
                $"The configurations of the images in '{_place}' have more than {MaxConfigBytes} bytes together.");
        }

        _configBytes += configEntry.Length;
        byte[] configBytes = await ArchiveDocuments
            .ReadAsync(_bytes, configEntry, entry.Config, DocumentOptions.DefaultMaxSize, _place, cancellationToken)
            .ConfigureAwait(false);
        OciDocument<ImageConfig> config = OciDocument<ImageConfig>.Parse(configBytes);
        IReadOnlyList<Digest> diffIds = config.Value.RootFs.DiffIds;
        IReadOnlyList<string> names = entry.Layers ?? [];
        if (diffIds.Count != names.Count)
        {
            throw new DocumentFormatException(
                $"'{Excerpt.Of(entry.Config)}' in '{_place}' has {diffIds.Count} DiffIDs, but manifest.json has {names.Count} layers for it.");
        }

        var layers = new List<(Descriptor Descriptor, ArchiveBlob Blob)>();
        for (int i = 0; i < names.Count; i++)
        {
            layers.Add(await ReadLayerAsync(names[i], diffIds[i], cancellationToken).ConfigureAwait(false));
        }

        Descriptor configDescriptor = Descriptor.Create(MediaTypes.DockerConfig, configBytes);
        var manifest = OciDocument<ImageManifest>.Create(new ImageManifest
        {
            MediaType = MediaTypes.DockerManifest,
            Config = configDescriptor,
            Layers = [.. layers.Select(layer => layer.Descriptor)],
        });
        _blobs.TryAdd(configDescriptor.Digest, new ArchiveBlob(configEntry));
        _blobs.TryAdd(manifest.Descriptor.Digest, new ArchiveBlob(manifest.Bytes));
        foreach ((Descriptor layer, ArchiveBlob blob) in layers)
        {
            _blobs.TryAdd(layer.Digest, blob);
        }

        return _images[number] = manifest.Descriptor with { Platform = PlatformOf(config.Value) };
    }

    private static Platform? PlatformOf(ImageConfig config) => config.Os.Length == 0 || config.Architecture.Length == 0
        ? null
        : new Platform { Os = config.Os, Architecture = config.Architecture, Variant = config.Variant };

    private async ValueTask<(Descriptor Descriptor, ArchiveBlob Blob)> ReadLayerAsync(
        string name, Digest diffId, CancellationToken cancellationToken)
    {
        ArchiveEntry entry = _index.Follow(name);
        byte[] magic = new byte[LayerCompression.MagicLength];
        int read = await new ArchiveSlice(_bytes, entry.Offset, entry.Length)
            .ReadAtLeastAsync(magic, magic.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        CompressionFormat format = LayerCompression.Detect(magic.AsSpan(0, read));
        string mediaType = format switch
        {
            CompressionFormat.None => MediaTypes.DockerLayer,
            CompressionFormat.Gzip => MediaTypes.DockerLayerGzip,
            CompressionFormat.Zstd => MediaTypes.DockerLayerZstd,
            _ => throw new DocumentFormatException(
                $"The layer '{Excerpt.Of(name)}' in '{_place}' is compressed with {format}, for which there is no media type."),
        };
        Digest digest = format == CompressionFormat.None
            ? diffId
            : await HashAsync(entry, cancellationToken).ConfigureAwait(false);
        var descriptor = new Descriptor { MediaType = mediaType, Digest = digest, Size = entry.Length };

        return (descriptor, new ArchiveBlob(entry));
    }

    private async ValueTask<Digest> HashAsync(ArchiveEntry entry, CancellationToken cancellationToken)
    {
        if (!_hashed.TryGetValue(entry.Offset, out Digest digest))
        {
            using var slice = new ArchiveSlice(_bytes, entry.Offset, entry.Length);
            byte[] hash = await SHA256.HashDataAsync(slice, cancellationToken).ConfigureAwait(false);
            digest = _hashed[entry.Offset] = Digest.FromHash(Digest.Sha256, hash);
        }

        return digest;
    }
}
