using OciImage.Bundles;
using OciImage.Content;
using OciImage.Images;
using OciImage.Layers;
using OciImage.Linux;
using OciImage.TestKit;
using OciImage.Tests.Layers;

namespace OciImage.Tests.Bundles;

/// <summary>Images of a few entries, and a place to write them to as bundles.</summary>
internal sealed class BundleFixture : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public BundleFixture()
    {
        Assert.SkipUnless(RuntimeBundle.IsSupported, "Bundles are written on Linux only.");
        Target = _directory.Combine("bundle");
    }

    public MemoryStore Store { get; } = new();

    public string Place => _directory.Path;

    public string Target { get; }

    public string PathOf(params string[] parts) => Path.Combine([Target, .. parts]);

    public async Task<ContainerImage> MakeImageAsync(ContainerConfig config, params TestEntry[] entries)
    {
        LayerToApply layer = await TestLayer.AddAsync(Store, entries);
        var document = OciDocument<ImageConfig>.Create(new ImageConfig
        {
            Architecture = "amd64",
            Os = "linux",
            Config = config,
            RootFs = new RootFs { DiffIds = [layer.DiffId] },
        });

        return await OpenAsync(document.Bytes, layer.Descriptor);
    }

    public async Task<ContainerImage> OpenAsync(ReadOnlyMemory<byte> config, Descriptor layer)
    {
        Descriptor configuration = await TestImage.PushAsync(Store, MediaTypes.ImageConfig, config);
        var manifest = OciDocument<ImageManifest>.Create(new ImageManifest { Config = configuration, Layers = [layer] });
        Descriptor root = await TestImage.PushAsync(Store, manifest.Descriptor.MediaType, manifest.Bytes);

        return await ContainerImage.OpenAsync((IContentFetcher)Store, root);
    }

    public async Task<RuntimeSpecification> WriteAsync(ContainerImage image, RuntimeBundleOptions? options = null)
    {
        RuntimeBundleReport report = await RuntimeBundle.WriteAsync(
            image, Target, options, TestContext.Current.CancellationToken);

        return report.Specification;
    }

    public RuntimeSpecification Read() => RuntimeSpecification.Parse(File.ReadAllBytes(PathOf("config.json")));

    public void AssertNothingLeft() => Assert.Empty(Directory.GetFileSystemEntries(Place));

    public void Dispose()
    {
        using (DirectoryHandle place = DirectoryHandle.OpenPath(Place))
        {
            TreeRemover.Remove(place, "bundle"u8);
        }

        _directory.Dispose();
    }
}
