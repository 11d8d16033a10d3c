using OciImage.Content;

namespace OciImage.Engines;

/// <summary>Finds the one image that an engine shall get.</summary>
internal static class DockerImageChoice
{
    private const int MaxDepth = 4;

    /// <summary>Reads a manifest, or that of an index which is for a platform.</summary>
    /// <exception cref="ContentNotFoundException">The index has no image for the platform.</exception>
    public static async Task<OciDocument<ImageManifest>> ReadAsync(
        IContentFetcher source, Descriptor root, PlatformMatcher matcher, DocumentOptions options, CancellationToken cancellationToken)
    {
        Descriptor current = root;
        for (int depth = 0; depth <= MaxDepth; depth++)
        {
            byte[] bytes = await ReadBytesAsync(source, current, options, cancellationToken).ConfigureAwait(false);
            if (!MediaTypes.IsIndex(current.MediaType))
            {
                return OciDocument<ImageManifest>.Parse(bytes, current.MediaType, options);
            }

            ImageIndex index = OciDocument<ImageIndex>.Parse(bytes, current.MediaType, options).Value;
            current = matcher.Select(index.Manifests) ??
                index.Manifests.FirstOrDefault(entry => MediaTypes.IsIndex(entry.MediaType)) ??
                throw new ContentNotFoundException($"The index '{root.Digest}' has no image for '{matcher.Platform}'.");
        }

        throw new DocumentFormatException($"'{root.Digest}' has indexes that stand more than {MaxDepth} deep.");
    }

    private static async Task<byte[]> ReadBytesAsync(
        IContentFetcher source, Descriptor descriptor, DocumentOptions options, CancellationToken cancellationToken)
    {
        if (descriptor.Size > options.MaxSize)
        {
            throw new DocumentFormatException(
                $"The document '{descriptor.Digest}' has {descriptor.Size} bytes; at most {options.MaxSize} are read.");
        }

        ContentStream stream = await source.OpenReadAsync(descriptor, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            return await stream.ReadToEndAsync(options.MaxSize, cancellationToken).ConfigureAwait(false);
        }
    }
}
