using CsCheck;
using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;

namespace OciImage.Tests.Layout.Archives;

/// <summary>What holds of every set of images that goes from a layout through an archive into another layout.</summary>
public sealed class ImageArchivePropertyTests
{
    private static readonly Gen<int[][]> Documents = Gen.Int[0, 30].Array[1, 4].Array[0, 4];

    private static readonly Gen<(int[][] Images, int[][] Artifacts, int[][] Indexes, int[] Names)> Sets =
        Gen.Select(Gen.Int[0, 30].Array[1, 4].Array[1, 4], Documents, Documents, Gen.Int[0, 30].Array[1, 5]);

    [Fact]
    public async Task Archive_BringsNamesDigestsAndReferrersIntoAnotherLayout() =>
        await Sets.SampleAsync(
            async made =>
            {
                using var directory = new TemporaryDirectory();
                var options = new OciLayoutOptions { Durability = Durability.None };
                OciLayout all = await OciLayout.OpenOrCreateAsync(directory.Combine("source"), options);
                OciLayout back = await OciLayout.OpenOrCreateAsync(directory.Combine("back"), options);
                foreach (string ns in new[] { OciLayoutOptions.DefaultNamespace, "k8s.io", "other.ns" })
                {
                    OciLayout source = all.InNamespace(ns);
                    OciLayout target = back.InNamespace(ns);
                    ImageSet set = await ImageSet.BuildAsync(source, made.Images, made.Artifacts, made.Indexes, made.Names);

                    byte[] bytes = await ExportAsync(source);
                    await using ImageArchive archive = await ImageArchive.OpenAsync(new MemoryStream(bytes));
                    await ImportAsync(archive, target);

                    Assert.Equal(bytes, await ExportAsync(source));
                    await AssertNamesAsync(source, archive, target);
                    await AssertContentAsync(set, source, archive, target);
                }
            },
            iter: 25,
            threads: 1);

    private static async Task<byte[]> ExportAsync(OciLayout layout)
    {
        using var bytes = new MemoryStream();
        await using var writer = new ImageArchiveWriter(bytes, leaveOpen: true);
        var options = new CopyOptions { MaxConcurrency = 1, IncludeReferrers = true, Sparse = true };
        await foreach (LayoutRoot root in layout.ListRootsAsync())
        {
            Descriptor copied = await ContentCopy.CopyGraphAsync(layout, writer, root.Descriptor, root.Name, options);
            if (root.Name is null)
            {
                await writer.AddRootAsync(copied);
            }
        }

        await writer.CompleteAsync();
        return bytes.ToArray();
    }

    private static async Task ImportAsync(ImageArchive archive, OciLayout layout)
    {
        foreach (Descriptor root in await archive.ReadRootsAsync())
        {
            string? name = root.Annotations.GetValueOrDefault(AnnotationKeys.ContainerdImageName) ??
                root.Annotations.GetValueOrDefault(AnnotationKeys.RefName);
            await ContentCopy.CopyGraphAsync(
                archive, layout, root.ToContentDescriptor(), name, new CopyOptions { Sparse = true });
            if (name is null)
            {
                await layout.AddRootAsync(root.ToContentDescriptor());
            }
        }
    }

    private static async Task AssertNamesAsync(OciLayout source, ImageArchive archive, OciLayout target)
    {
        string[] names = await source.ListReferencesAsync().ToArrayAsync();
        Assert.Equal(names, await archive.ListReferencesAsync().ToArrayAsync());
        Assert.Equal(names, await target.ListReferencesAsync().ToArrayAsync());
        foreach (string name in names)
        {
            Descriptor expected = await source.ResolveAsync(name);
            Assert.Equal(expected.ToContentDescriptor(), (await archive.ResolveAsync(name)).ToContentDescriptor());
            Assert.Equal(expected.ToContentDescriptor(), (await target.ResolveAsync(name)).ToContentDescriptor());
        }
    }

    private static async Task AssertContentAsync(ImageSet set, OciLayout source, ImageArchive archive, OciLayout target)
    {
        (string?, Digest)[] roots = await RootsAsync(source);
        Assert.Equal(roots, await RootsAsync(target));
        HashSet<Digest> reached = set.Reach(roots.Select(root => root.Item2));
        foreach (Descriptor node in set.Nodes)
        {
            Assert.Equal(reached.Contains(node.Digest), await archive.ExistsAsync(node));
            if (!reached.Contains(node.Digest))
            {
                continue;
            }

            byte[] expected = await TestContent.ReadAsync(source, node);
            Assert.Equal(expected, await TestContent.ReadAsync(archive, node));
            Assert.Equal(expected, await TestContent.ReadAsync(target, node));
            Descriptor[] referrers = await source.ListReferrersAsync(node).ToArrayAsync();
            Assert.Equal(referrers, await archive.ListReferrersAsync(node).ToArrayAsync());
            Assert.Equal(referrers, await target.ListReferrersAsync(node).ToArrayAsync());
        }
    }

    private static async Task<(string?, Digest)[]> RootsAsync(OciLayout layout) =>
        [.. (await layout.ListRootsAsync().ToArrayAsync())
            .Select(root => (root.Name, root.Descriptor.Digest))
            .OrderBy(root => root.Name, StringComparer.Ordinal).ThenBy(root => root.Digest)];
}
