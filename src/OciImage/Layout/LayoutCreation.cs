namespace OciImage.Layout;

/// <summary>Makes an empty layout, so that whoever sees <c>oci-layout</c> may rely on the rest.</summary>
internal static class LayoutCreation
{
    public static async ValueTask CreateAsync(
        LayoutPaths paths, OciLayoutOptions options, CancellationToken cancellationToken)
    {
        bool isNew = !Directory.Exists(paths.Root);
        Directory.CreateDirectory(paths.Root);
        if (!Directory.Exists(paths.Ingest) && Directory.EnumerateFileSystemEntries(paths.Root).Any() &&
            !Directory.Exists(paths.Ingest))
        {
            throw new IOException($"'{paths.Root}' is neither empty nor an OCI layout.");
        }

        // The first to be made says to others that what follows is on its way, and not somebody else's.
        LayoutPaths.Prepare(paths.Ingest);
        var writer = new BlobWriter(paths, options);
        using LayoutLock held = await LayoutLock.AcquireAsync(paths, options, cancellationToken).ConfigureAwait(false);
        if (File.Exists(paths.Header))
        {
            return;
        }

        LayoutPaths.Prepare(paths.Blobs);
        LayoutPaths.Prepare(Path.Combine(paths.Blobs, Digest.Sha256));
        writer.FlushDirectory(paths.Blobs);
        if (!File.Exists(paths.Index))
        {
            new LayoutIndex(paths, options, writer).Write(new ImageIndex { MediaType = MediaTypes.ImageIndex });
        }

        var header = new OciLayoutHeader { ImageLayoutVersion = OciLayoutHeader.CurrentVersion };
        writer.Replace(paths.Header, OciDocument<OciLayoutHeader>.Create(header).Bytes.Span);
        if (isNew && Path.GetDirectoryName(paths.Root) is { } parent)
        {
            writer.FlushDirectory(parent);
        }
    }
}
