using System.Net;
using OciImage.Content;

namespace OciImage.Tests.Content;

/// <summary>Targets that take no sparse index.</summary>
public sealed class SparseCopyTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CopyGraph_ToATargetThatTakesNoSparseIndexSendsNothingTwiceAndSaysSo()
    {
        var source = new MemoryStore();
        var entries = new List<Descriptor>();
        foreach (string architecture in new[] { "amd64", "arm64" })
        {
            byte[] config = System.Text.Encoding.UTF8.GetBytes($$"""{"architecture":"{{architecture}}","os":"linux","rootfs":{"type":"layers","diff_ids":[] } }""");
            Descriptor configuration = Descriptor.Create(MediaTypes.ImageConfig, config);
            await source.PushAsync(configuration, ReplayableContent.FromBytes(config), Token);
            var manifest = OciDocument<ImageManifest>.Create(new ImageManifest
            {
                MediaType = MediaTypes.ImageManifest, Config = configuration, Layers = [],
            });
            await source.PushAsync(manifest.Descriptor, ReplayableContent.FromBytes(manifest.Bytes), Token);
            entries.Add(manifest.Descriptor with { Platform = Platform.Parse($"linux/{architecture}") });
        }

        var index = OciDocument<ImageIndex>.Create(new ImageIndex { MediaType = MediaTypes.ImageIndex, Manifests = entries });
        await source.PushAsync(index.Descriptor, ReplayableContent.FromBytes(index.Bytes), Token);
        var target = new StrictStore();

        await Assert.ThrowsAsync<NotSupportedException>(async () => await ContentCopy.CopyGraphAsync(
            source,
            target,
            index.Descriptor,
            options: new CopyOptions { Platforms = [Platform.Parse("linux/amd64")], Sparse = true },
            cancellationToken: Token));

        Assert.Equal(target.Pushed.Distinct(), target.Pushed);
    }

    // Looks for what an index names, as a registry does.
    private sealed class StrictStore : IContentStore
    {
        private readonly MemoryStore _store = new();

        public List<Digest> Pushed { get; } = [];

        public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
            _store.OpenReadAsync(descriptor, cancellationToken);

        public ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
            _store.ExistsAsync(descriptor, cancellationToken);

        public async ValueTask PushAsync(
            Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default)
        {
            if (MediaTypes.IsIndex(descriptor.MediaType))
            {
                throw new RegistryException("The index names a manifest that is not here.")
                {
                    StatusCode = HttpStatusCode.BadRequest,
                    Codes = ["MANIFEST_UNKNOWN"],
                };
            }

            lock (Pushed)
            {
                Pushed.Add(descriptor.Digest);
            }

            await _store.PushAsync(descriptor, content, cancellationToken);
        }
    }
}
