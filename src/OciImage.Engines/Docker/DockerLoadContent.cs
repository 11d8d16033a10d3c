using System.Net;
using System.Text;
using System.Text.Json;
using OciImage.Content;
using OciImage.Tar;

namespace OciImage.Engines;

/// <summary>An image as an archive that a Docker Engine loads: an OCI layout with the <c>manifest.json</c> that older engines read.</summary>
/// <remarks>Written as it is sent, each blob read once and verified; a blob that fails breaks the request off.</remarks>
internal sealed class DockerLoadContent(
    IContentFetcher source, OciDocument<ImageManifest> manifest, IReadOnlyList<string> names, IProgress<ContentProgress>? progress)
    : HttpContent, IWatchedContent
{
    private const int BufferSize = 128 * 1024;
    private const int FileMode = 0x124; // 0444

    private IdleWatch? _watch;
    private EarlyAnswerStream? _connection;

    public void Watch(IdleWatch watch) => _watch = watch;

    public void Connect(EarlyAnswerStream connection) => _connection = connection;

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var writer = new TarWriter(stream);
        var seen = new HashSet<Digest>();
        foreach (Descriptor blob in (Descriptor[])[.. manifest.Value.Layers, manifest.Value.Config])
        {
            if (_connection is { IsRefused: true })
            {
                return;
            }

            if (seen.Add(blob.Digest))
            {
                await WriteBlobAsync(writer, blob, cancellationToken).ConfigureAwait(false);
            }
        }

        if (seen.Add(manifest.Descriptor.Digest))
        {
            await WriteAsync(writer, PathOf(manifest.Descriptor), manifest.Bytes, cancellationToken).ConfigureAwait(false);
        }

        await WriteAsync(writer, "oci-layout", """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray(), cancellationToken).ConfigureAwait(false);
        await WriteAsync(writer, "index.json", WriteIndex(), cancellationToken).ConfigureAwait(false);
        await WriteAsync(writer, "manifest.json", WriteManifest(), cancellationToken).ConfigureAwait(false);
        await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
    }

    private static string PathOf(Descriptor descriptor) => $"blobs/{descriptor.Digest.Algorithm}/{descriptor.Digest.Encoded}";

    private ReadOnlyMemory<byte> WriteIndex()
    {
        Descriptor root = manifest.Descriptor;
        Descriptor[] entries = names.Count == 0
            ? [root]
            :
            [
                .. names.Select(name => root with
                {
                    Annotations = new Dictionary<string, string>
                    {
                        ["io.containerd.image.name"] = name,
                        [AnnotationKeys.RefName] = ImageReference.Parse(name).Tag ?? ImageReference.DefaultTag,
                    },
                }),
            ];
        return OciDocument<ImageIndex>.Create(new ImageIndex { MediaType = MediaTypes.ImageIndex, Manifests = entries }).Bytes;
    }

    private byte[] WriteManifest() => JsonSerializer.SerializeToUtf8Bytes(
        [
            new DockerManifestEntry
            {
                Config = PathOf(manifest.Value.Config),
                RepoTags = names,
                Layers = [.. manifest.Value.Layers.Select(PathOf)],
            },
        ],
        DockerJsonContext.Default.IReadOnlyListDockerManifestEntry);

    private async Task WriteBlobAsync(TarWriter writer, Descriptor blob, CancellationToken cancellationToken)
    {
        ContentStream content = await source.OpenReadAsync(blob, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            await writer.WriteEntryAsync(Entry(PathOf(blob), blob.Size), cancellationToken).ConfigureAwait(false);
            byte[] buffer = new byte[BufferSize];
            int count;
            while ((count = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                await writer.WriteContentAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                _watch?.Touch();
                if (_connection is { IsRefused: true })
                {
                    return;
                }
            }
        }

        progress?.Report(new ContentProgress(blob, blob.Size, ContentProgressState.Completed));
    }

    private async Task WriteAsync(TarWriter writer, string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await writer.WriteEntryAsync(Entry(name, bytes.Length), cancellationToken).ConfigureAwait(false);
        await writer.WriteContentAsync(bytes, cancellationToken).ConfigureAwait(false);
        _watch?.Touch();
    }

    private static TarEntry Entry(string name, long size) => new()
    {
        Type = TarEntryType.RegularFile,
        Name = Encoding.UTF8.GetBytes(name),
        Size = size,
        Mode = FileMode,
    };
}
