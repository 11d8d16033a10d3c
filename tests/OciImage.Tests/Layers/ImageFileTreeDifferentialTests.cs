using CsCheck;
using OciImage.Content;
using OciImage.Layers;
using OciImage.Linux;
using OciImage.TestKit;

namespace OciImage.Tests.Layers;

/// <summary>The tree in memory, the tree on disk and the flattened archive are one.</summary>
public sealed class ImageFileTreeDifferentialTests
{
    private static readonly int Cases = Environment.GetEnvironmentVariable("OCIIMAGE_SOAK") == "1" ? 20_000 : 400;

    [Fact]
    public async Task Layers_GiveTheSameTreeInMemoryOnDiskAndFlattened()
    {
        Assert.SkipUnless(Libc.IsSupported && Libc.GetEffectiveUserId() == 0, "Owners can only be compared by root.");
        int trees = 0;

        await RandomLayers.Layers.SampleAsync(
            async layers =>
            {
                if (await CompareAsync(layers))
                {
                    Interlocked.Increment(ref trees);
                }
            },
            iter: Cases,
            threads: 2);

        Assert.InRange(trees, Cases / 10, Cases - 1);
    }

    private static async Task<bool> CompareAsync(TestEntry[][] layers)
    {
        using var directory = new TemporaryDirectory();
        var store = new MemoryStore();
        var added = new List<LayerToApply>();
        foreach (TestEntry[] layer in layers)
        {
            added.Add(await TestLayer.AddAsync(store, layer));
        }

        (string[]? onDisk, LayerErrorKind? diskError) = await TryAsync(async () =>
        {
            await LayerUnpacker.UnpackAsync(store, added, directory.Combine("disk"));
            return TreeListing.OfDirectory(directory.Combine("disk"));
        });
        ImageFileTree? tree = null;
        (string[]? inMemory, LayerErrorKind? memoryError) = await TryAsync(async () =>
        {
            tree = await ImageFileTree.ReadAsync(store, added);
            return await TreeListing.OfImageAsync(tree);
        });

        Assert.Equal(diskError, memoryError);
        Assert.Equal(onDisk, inMemory);
        if (tree is null)
        {
            return false;
        }

        using var archive = new MemoryStream();
        await tree.WriteArchiveAsync(archive);
        LayerToApply flattened = await TestLayer.AddArchiveAsync(store, archive.ToArray());
        UnpackReport report = await LayerUnpacker.UnpackAsync(store, [flattened], directory.Combine("flat"));
        Assert.Equal(onDisk, TreeListing.OfDirectory(directory.Combine("flat")));
        Assert.Empty(report.Remarks);

        return true;
    }

    private static async Task<(string[]? Tree, LayerErrorKind? Error)> TryAsync(Func<Task<string[]>> make)
    {
        try
        {
            return (await make(), null);
        }
        catch (LayerException exception)
        {
            return (null, exception.Kind);
        }
    }
}
