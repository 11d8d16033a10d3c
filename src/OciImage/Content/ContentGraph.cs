namespace OciImage.Content;

/// <summary>Reads manifests and indexes and knows what they refer to.</summary>
internal static class ContentGraph
{
    /// <summary>How deep indexes may stand in indexes; real ones go two deep.</summary>
    public const int MaxDepth = 16;

    /// <summary>Tells whether content refers to other content.</summary>
    public static bool HasChildren(Descriptor descriptor) =>
        MediaTypes.IsManifest(descriptor.MediaType) || MediaTypes.IsIndex(descriptor.MediaType);

    /// <summary>Refuses what no copy carries.</summary>
    public static void Check(Descriptor descriptor, int depth)
    {
        if (depth > MaxDepth)
        {
            throw TooDeep(descriptor);
        }

        if (MediaTypes.IsDockerSchema1(descriptor.MediaType))
        {
            throw Schema1(descriptor);
        }
    }

    /// <summary>Reads the bytes of a manifest or an index, within the limit for documents.</summary>
    public static async ValueTask<byte[]> ReadAsync(
        IContentFetcher source, Descriptor descriptor, DocumentOptions options, CancellationToken cancellationToken)
    {
        if (descriptor.Size > options.MaxSize)
        {
            throw new DocumentFormatException(
                $"The document '{descriptor.Digest}' has {descriptor.Size} bytes; at most {options.MaxSize} are read.");
        }

        if (descriptor.TryGetVerifiedData(out ReadOnlyMemory<byte> data))
        {
            return data.ToArray();
        }

        ContentStream stream = ContentStream.Over(
            await source.OpenReadAsync(descriptor, cancellationToken).ConfigureAwait(false), descriptor);
        await using (stream.ConfigureAwait(false))
        {
            return await stream.ReadToEndAsync(options.MaxSize, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Returns what a manifest or an index refers to; the subject is no child, since it may be absent.</summary>
    public static IReadOnlyList<Descriptor> ParseChildren(
        Descriptor descriptor, ReadOnlyMemory<byte> bytes, DocumentOptions options)
    {
        if (MediaTypes.IsIndex(descriptor.MediaType))
        {
            return OciDocument<ImageIndex>.Parse(bytes, descriptor.MediaType, options).Value.Manifests;
        }

        ImageManifest manifest = OciDocument<ImageManifest>.Parse(bytes, descriptor.MediaType, options).Value;
        return [manifest.Config, .. manifest.Layers];
    }

    public static DocumentFormatException TooDeep(Descriptor descriptor) =>
        new($"'{descriptor.Digest}' stands more than {MaxDepth} indexes deep.");

    public static DocumentFormatException Schema1(Descriptor descriptor) =>
        new($"'{descriptor.Digest}' is a Docker image manifest of schema 1 ('{descriptor.MediaType}'), which is not supported.");
}
