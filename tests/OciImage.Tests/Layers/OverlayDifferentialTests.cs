using CsCheck;
using OciImage.Content;
using OciImage.Layers;
using OciImage.TestKit;

namespace OciImage.Tests.Layers;

/// <summary>What the kernel shows of the directories of an overlay is the merged tree.</summary>
public sealed class OverlayDifferentialTests
{
    private static readonly int Cases = Environment.GetEnvironmentVariable("OCIIMAGE_SOAK") == "1" ? 5_000 : 100;

    [Theory]
    [InlineData(false, OverlayWhiteouts.Device)]
    [InlineData(true, OverlayWhiteouts.Device)]
    [InlineData(false, OverlayWhiteouts.Xattr)]
    [InlineData(true, OverlayWhiteouts.Xattr)]
    public async Task Layers_ShowTheMergedTree(bool userXattrs, OverlayWhiteouts whiteouts)
    {
        OverlayMount.Require();
        int trees = 0;

        await RandomLayers.Layers.SampleAsync(
            async layers =>
            {
                if (await CompareAsync(layers, new OverlayOptions { UserXattrs = userXattrs, Whiteouts = whiteouts }))
                {
                    Interlocked.Increment(ref trees);
                }
            },
            iter: Cases,
            threads: 2);

        Assert.InRange(trees, Cases / 10, Cases - 1);
    }

    private static async Task<bool> CompareAsync(TestEntry[][] layers, OverlayOptions options)
    {
        using var directory = new TemporaryDirectory();
        var store = new MemoryStore();
        var added = new List<LayerToApply>();
        foreach (TestEntry[] layer in layers)
        {
            added.Add(await TestLayer.AddAsync(store, layer));
        }

        LayerException? merged = await Record.ExceptionAsync(
            async () => await LayerUnpacker.UnpackAsync(store, added, directory.Combine("disk"))) as LayerException;
        OverlayTree tree;
        try
        {
            tree = await LayerUnpacker.UnpackOverlayAsync(store, added, directory.Combine("overlay"), overlay: options);
        }
        catch (LayerException exception)
        {
            // A hard link to a lower layer is what this form cannot show.
            Assert.True(exception.Kind == LayerErrorKind.Unsupported || exception.Kind == merged?.Kind, exception.Message);
            return false;
        }

        Assert.Null(merged);
        string[] shown;
        using (OverlayMount mount = OverlayMount.Of(tree, directory))
        {
            shown = TreeListing.OfDirectory(mount.Path);
        }

        Assert.Equal(TreeListing.OfDirectory(directory.Combine("disk")), shown);
        return true;
    }
}
