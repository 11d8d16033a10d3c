namespace OciImage.Layout;

/// <summary>Reads small files of an archive, and tells what kind of archive it is.</summary>
internal static class ArchiveDocuments
{
    private const string Header = "oci-layout";
    private const string Index = "index.json";
    private const int MaxHeaderSize = 64 * 1024;

    /// <summary>Finds out what an archive is and what it lists. Where there is an OCI layout, that is what counts, as with containerd.</summary>
    /// <exception cref="DocumentFormatException">It is no archive of images, or what it lists is malformed.</exception>
    public static async ValueTask<ArchiveImages> ReadImagesAsync(
        ArchiveBytes bytes, ArchiveIndex index, string place, ImageArchiveOptions options, CancellationToken cancellationToken)
    {
        bool isHybrid = index.Contains(DockerManifest.FileName);
        if (index.Find(Header) is { } header)
        {
            byte[] headerBytes = await ReadAsync(bytes, header, Header, MaxHeaderSize, place, cancellationToken).ConfigureAwait(false);
            LayoutDocument.CheckVersion(headerBytes, $"{place}/{Header}");
            ArchiveEntry entry = index.Find(Index) ?? throw new DocumentFormatException($"'{place}' is an OCI layout without '{Index}'.");
            byte[] document = await ReadAsync(bytes, entry, Index, options.MaxIndexSize, place, cancellationToken).ConfigureAwait(false);
            var limits = new DocumentOptions { MaxSize = options.MaxIndexSize };
            IReadOnlyList<Descriptor> roots = LayoutDocument.Parse<ImageIndex>(document, $"{place}/{Index}", limits).Value.Manifests;
            if (isHybrid)
            {
                roots = await new HybridNames(bytes, index, place, options).AddToAsync(roots, cancellationToken).ConfigureAwait(false);
            }

            return new LayoutImages(index, roots, isHybrid);
        }

        if (index.Find(DockerManifest.FileName) is { } manifest)
        {
            byte[] document = await ReadAsync(
                bytes, manifest, DockerManifest.FileName, options.MaxIndexSize, place, cancellationToken).ConfigureAwait(false);
            return new DockerImages(index, bytes, DockerManifest.Parse(document, place), place);
        }

        throw new DocumentFormatException(index.Contains("repositories")
            ? $"'{place}' was saved by a Docker older than 1.10: it has 'repositories' but no 'manifest.json'. Save it again with a newer one."
            : $"'{place}' is no archive of images: it has neither 'oci-layout' nor 'manifest.json'.");
    }

    public static async ValueTask<byte[]> ReadAsync(
        ArchiveBytes bytes, ArchiveEntry entry, string name, int maxSize, string place, CancellationToken cancellationToken)
    {
        if (entry.Length > maxSize)
        {
            throw new DocumentFormatException(
                $"'{Excerpt.Of(name)}' in '{place}' has {entry.Length} bytes; at most {maxSize} are read.");
        }

        byte[] document = new byte[entry.Length];
        using var slice = new ArchiveSlice(bytes, entry.Offset, entry.Length);
        int read = await slice
            .ReadAtLeastAsync(document, document.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);

        return read == document.Length
            ? document
            : throw new DocumentFormatException($"'{place}' became shorter while '{Excerpt.Of(name)}' was read.");
    }
}
