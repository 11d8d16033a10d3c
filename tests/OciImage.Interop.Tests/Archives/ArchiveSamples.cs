using OciImage.Content;
using OciImage.Layers;
using OciImage.TestKit;

namespace OciImage.Interop.Tests.Archives;

/// <summary>Images that every tool takes: a configuration with a platform, and layers that are archives.</summary>
internal static class ArchiveSamples
{
    public static async Task<Descriptor> PushImageAsync(IImageStore store, string tag)
    {
        WrittenLayer lower = await TestImage.AddLayerAsync(store, "etc/lower", "lower");
        WrittenLayer upper = await TestImage.AddLayerAsync(store, "etc/upper", $"upper of {tag}");
        var config = OciDocument<ImageConfig>.Create(new ImageConfig
        {
            Os = "linux",
            Architecture = PlatformMatcher.Current.Platform.Architecture,
            RootFs = new RootFs { DiffIds = [lower.DiffId, upper.DiffId] },
        });
        await store.PushAsync(config.Descriptor, ReplayableContent.FromBytes(config.Bytes));
        var manifest = OciDocument<ImageManifest>.Create(new ImageManifest
        {
            MediaType = MediaTypes.ImageManifest,
            Config = config.Descriptor,
            Layers = [lower.Descriptor, upper.Descriptor],
        });
        await store.PushAsync(manifest.Descriptor, ReplayableContent.FromBytes(manifest.Bytes));
        await store.TagAsync(manifest.Descriptor, tag);

        return manifest.Descriptor;
    }
}
