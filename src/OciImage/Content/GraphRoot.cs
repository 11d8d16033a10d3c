namespace OciImage.Content;

/// <summary>The root of a copy, after platforms were chosen.</summary>
/// <param name="Descriptor">What is written last and tagged.</param>
/// <param name="Bytes">Its bytes where they are not the source's: a new index of some platforms.</param>
/// <param name="Children">The only children to copy, or <see langword="null"/> for all.</param>
internal sealed record GraphRoot(Descriptor Descriptor, ReadOnlyMemory<byte>? Bytes, IReadOnlyList<Descriptor>? Children)
{
    public static async ValueTask<GraphRoot> SelectAsync(
        IContentFetcher source, Descriptor root, CopyOptions options, CancellationToken cancellationToken)
    {
        if (options.Platforms.Count == 0 || !MediaTypes.IsIndex(root.MediaType))
        {
            return new GraphRoot(root, null, null);
        }

        byte[] bytes = await ContentGraph.ReadAsync(source, root, options.Documents, cancellationToken)
            .ConfigureAwait(false);
        ImageIndex index = OciDocument<ImageIndex>.Parse(bytes, root.MediaType, options.Documents).Value;
        var chosen = new List<Descriptor>();
        foreach (Platform platform in options.Platforms)
        {
            Descriptor match = new PlatformMatcher(platform).Select(index.Manifests) ??
                throw new ContentNotFoundException(
                    $"Index '{root.Digest}' has no manifest for platform '{platform}'; it has {Available(index)}.");
            if (!chosen.Contains(match))
            {
                chosen.Add(match);
            }
        }

        if (options.Sparse)
        {
            return new GraphRoot(root, bytes, chosen);
        }

        if (chosen.Count == 1)
        {
            return new GraphRoot(chosen[0].ToContentDescriptor(), null, null);
        }

        // The entries keep the order of the index they come from, which is the order of preference.
        ImageIndex narrowed = index with { Manifests = [.. index.Manifests.Where(chosen.Contains)] };
        var document = OciDocument<ImageIndex>.Create(narrowed, root.MediaType);

        return new GraphRoot(document.Descriptor, document.Bytes, null);
    }

    internal static string Available(ImageIndex index)
    {
        string[] platforms = [.. index.Manifests.Select(entry => entry.Platform?.ToString()).OfType<string>().Take(20)];
        return platforms.Length == 0 ? "none" : string.Join(", ", platforms.Select(platform => $"'{Excerpt.Of(platform)}'"));
    }
}
