using CsCheck;
using OciImage.Content;
using OciImage.TestKit;

namespace OciImage.Tests.Content;

/// <summary>What holds of every graph, however its parts are shared and whatever the target has already.</summary>
public sealed class ContentCopyPropertyTests
{
    // Each list of numbers is a document; a number picks a child from what was made before it.
    private static readonly Gen<(int[][] Manifests, int[][] Indexes, int Concurrency, int[] Present)> Graphs = Gen.Select(
        Gen.Int[0, 50].Array[1, 6].Array[1, 6],
        Gen.Int[0, 50].Array[0, 6].Array[0, 6],
        Gen.Int[1, 8],
        Gen.Int[0, 50].Array[0, 4]);

    [Fact]
    public async Task CopyGraphAsync_ShowsNoParentBeforeItsChildrenAndCarriesNothingTwice() =>
        await Graphs.SampleAsync(
            async graph =>
            {
                var source = new MemoryStore();
                List<Descriptor> nodes = await BuildAsync(source, graph.Manifests, graph.Indexes);
                Descriptor root = nodes[^1];
                var target = new RecordingStore();
                int before = 0;
                foreach (int pick in graph.Present)
                {
                    await ContentCopy.CopyGraphAsync(source, target, nodes[pick % nodes.Count]);
                    before = target.Pushes.Count;
                }

                await ContentCopy.CopyGraphAsync(
                    new RecordingSource(source),
                    target,
                    root,
                    "latest",
                    new CopyOptions { MaxConcurrency = graph.Concurrency });

                Descriptor[] walked = await ContentCopy.WalkAsync(source, root).ToArrayAsync();
                bool complete = true;
                foreach (Descriptor node in walked)
                {
                    complete &= await target.ExistsAsync(node);
                }

                Assert.True(complete, "Something below the root is missing.");
                Assert.Empty(target.Faults);
                Assert.All(target.Pushes, push => Assert.Equal(1, push.Value));
                Assert.InRange(target.Pushes.Count, before, nodes.Count);
                Assert.InRange(target.MostPushing, 0, Math.Max(graph.Concurrency, new CopyOptions().MaxConcurrency));
                Assert.Equal(root.Digest, (await target.ResolveAsync("latest")).Digest);
            },
            iter: 300);

    [Fact]
    public async Task WalkAsync_GivesChildrenBeforeParentsEachOnce() =>
        await Graphs.SampleAsync(
            async graph =>
            {
                var source = new MemoryStore();
                List<Descriptor> nodes = await BuildAsync(source, graph.Manifests, graph.Indexes);
                var seen = new HashSet<Digest>();

                await foreach (Descriptor node in ContentCopy.WalkAsync(source, nodes[^1]))
                {
                    if (ContentGraph.HasChildren(node))
                    {
                        byte[] bytes = await TestContent.ReadAsync(source, node);
                        Assert.All(
                            ContentGraph.ParseChildren(node, bytes, new DocumentOptions()),
                            child => Assert.Contains(child.Digest, seen));
                    }

                    Assert.True(seen.Add(node.Digest));
                }

                Assert.Contains(nodes[^1].Digest, seen);
            },
            iter: 300);

    private static async Task<List<Descriptor>> BuildAsync(MemoryStore store, int[][] manifests, int[][] indexes)
    {
        var nodes = new List<Descriptor>();
        for (int i = 0; i < 10; i++)
        {
            nodes.Add(await TestImage.PushAsync(store, MediaTypes.LayerGzip, $"layer {i}"));
        }

        foreach (int[] picks in manifests)
        {
            Descriptor[] children = [.. picks.Select(pick => nodes[pick % 10])];
            Add(await TestContent.PushManifestAsync(store, children[0], children[1..]));
        }

        foreach (int[] picks in indexes)
        {
            Add(await TestContent.PushIndexAsync(store, [.. picks.Select(pick => nodes[pick % nodes.Count])]));
        }

        return nodes;

        // Two documents of the same children are one.
        void Add(Descriptor node)
        {
            nodes.Remove(node);
            nodes.Add(node);
        }
    }
}
