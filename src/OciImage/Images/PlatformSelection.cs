using OciImage.Content;

namespace OciImage.Images;

/// <summary>Finds the manifest for a platform below a root, through indexes in indexes.</summary>
internal sealed class PlatformSelection(IContentFetcher source, Platform? platform)
{
    // An index of an index of one image each is legal; what needs more documents than this is not made to be read.
    private const int MaxDocuments = 256;

    private readonly PlatformMatcher _matcher =
        platform is null ? PlatformMatcher.Current : new PlatformMatcher(platform);
    private readonly HashSet<Digest> _visited = [];
    private readonly List<Descriptor> _named = [];
    private readonly List<Descriptor> _unnamed = [];
    private readonly List<Platform> _seen = [];

    /// <summary>Tells whether an image for a platform is wanted; one that does not say what it is for always is.</summary>
    public bool Accepts(Platform candidate) =>
        (candidate.Os.Length == 0 && candidate.Architecture.Length == 0) || _matcher.Matches(candidate);

    public async ValueTask<Descriptor> SelectAsync(Descriptor root, CancellationToken cancellationToken)
    {
        if (MediaTypes.IsManifest(root.MediaType))
        {
            return root;
        }

        if (MediaTypes.IsDockerSchema1(root.MediaType))
        {
            throw ContentGraph.Schema1(root);
        }

        if (!MediaTypes.IsIndex(root.MediaType))
        {
            throw new DocumentFormatException(
                $"'{root.Digest}' has the media type '{Excerpt.Of(root.MediaType)}', which is neither that of a manifest nor " +
                "that of an index.",
                "$.mediaType");
        }

        await CollectAsync(root, depth: 0, cancellationToken).ConfigureAwait(false);

        return _matcher.Select(_named) ??
            await SelectUnnamedAsync(cancellationToken).ConfigureAwait(false) ??
            throw new ContentNotFoundException(
                $"Index '{root.Digest}' has no image for the platform '{_matcher.Platform}'; it has {Available()}.");
    }

    private async ValueTask CollectAsync(Descriptor descriptor, int depth, CancellationToken cancellationToken)
    {
        if (depth >= ContentGraph.MaxDepth)
        {
            throw ContentGraph.TooDeep(descriptor);
        }

        if (!Visit(descriptor))
        {
            return;
        }

        DocumentOptions limits = DocumentOptions.Default;
        byte[] bytes = await ContentGraph.ReadAsync(source, descriptor, limits, cancellationToken).ConfigureAwait(false);
        foreach (Descriptor child in OciDocument<ImageIndex>.Parse(bytes, descriptor.MediaType, limits).Value.Manifests)
        {
            if (child.Platform is not null)
            {
                _seen.Add(child.Platform);
            }

            if (MediaTypes.IsIndex(child.MediaType))
            {
                if (child.Platform is null || _matcher.Matches(child.Platform))
                {
                    await CollectAsync(child, depth + 1, cancellationToken).ConfigureAwait(false);
                }
            }
            else if (MediaTypes.IsManifest(child.MediaType))
            {
                (child.Platform is null ? _unnamed : _named).Add(child);
            }
        }
    }

    // An entry without a platform is asked last, as containerd does: only its configuration says what it is for.
    private async ValueTask<Descriptor?> SelectUnnamedAsync(CancellationToken cancellationToken)
    {
        if (platform is null && _named.Count == 0 && _unnamed.Count == 1)
        {
            // Nothing was asked for, and there is no choice.
            return _unnamed[0];
        }

        var candidates = new List<Descriptor>();
        foreach (Descriptor candidate in _unnamed)
        {
            if (Visit(candidate) && await ReadPlatformAsync(candidate, cancellationToken).ConfigureAwait(false) is { } found)
            {
                _seen.Add(found);
                candidates.Add(candidate with { Platform = found });
            }
        }

        return _matcher.Select(candidates);
    }

    private async ValueTask<Platform?> ReadPlatformAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        DocumentOptions limits = DocumentOptions.Default;
        byte[] bytes = await ContentGraph.ReadAsync(source, descriptor, limits, cancellationToken).ConfigureAwait(false);
        ImageManifest manifest = OciDocument<ImageManifest>.Parse(bytes, descriptor.MediaType, limits).Value;
        if (!ImageShape.IsImage(manifest))
        {
            return null;
        }

        bytes = await ContentGraph.ReadAsync(source, manifest.Config, limits, cancellationToken).ConfigureAwait(false);
        return OciDocument<ImageConfig>.Parse(bytes, manifest.Config.MediaType, limits).Value.GetPlatform();
    }

    private bool Visit(Descriptor descriptor)
    {
        bool first = _visited.Add(descriptor.Digest);
        return _visited.Count <= MaxDocuments
            ? first
            : throw new DocumentFormatException($"More than {MaxDocuments} documents would have to be read to find a platform.");
    }

    private string Available()
    {
        string[] platforms = [.. _seen.Select(found => Excerpt.Of(found.ToString())).Distinct().Take(20)];
        return platforms.Length == 0 ? "none that says what it is for" : string.Join(", ", platforms.Select(found => $"'{found}'"));
    }
}
