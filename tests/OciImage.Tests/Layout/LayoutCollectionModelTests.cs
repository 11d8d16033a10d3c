using CsCheck;
using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;

namespace OciImage.Tests.Layout;

/// <summary>Holds collections of random layouts against a model that knows nothing of files and JSON.</summary>
public sealed class LayoutCollectionModelTests
{
    private const int Leaves = 6;

    private static readonly string[] Namespaces = ["default", "k8s.io", "moby"];

    /// <summary>A document of the model: what it refers to by number, its subject, and how it is a root.</summary>
    private sealed record Node(bool IsIndex, int[] Children, int Subject, int Root, int Namespace, bool IsMissing);

    private static readonly Gen<Node> GenNode = Gen.Select(
        Gen.Bool,
        Gen.Int[0, 20].Array[0, 4],
        Gen.Int[0, 40],
        Gen.Int[0, 9],
        Gen.Int[0, 2],
        Gen.Int[0, 9].Select(n => n == 0),
        (isIndex, children, subject, root, ns, missing) => new Node(isIndex, children, subject, root, ns, missing));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Collect_LeavesWhatTheModelReaches()
    {
        long iterations = Environment.GetEnvironmentVariable("OCIIMAGE_SOAK") == "1" ? 2000 : 60;

        await Gen.Select(GenNode.Array[1, 12], Gen.Int[0, 2], Gen.Int[0, 10].HashSet[0, 3])
            .SampleAsync(async (nodes, prune, missingLeaves) => await CheckAsync(nodes, (PruneScope)prune, missingLeaves), iter: iterations, threads: 1);
    }

    private static async Task<bool> CheckAsync(Node[] nodes, PruneScope prune, HashSet<int> missingLeaves)
    {
        using var directory = new TemporaryDirectory();
        OciLayout layout = await OciLayout.OpenOrCreateAsync(
            directory.Combine("layout"), new OciLayoutOptions { Durability = Durability.None }, Token);
        var leaves = new List<Descriptor>();
        for (int i = 0; i < Leaves; i++)
        {
            leaves.Add(await TestImage.PushAsync(layout, MediaTypes.LayerGzip, $"leaf {i}"));
        }

        // Children have lower numbers, since a digest is known when its children are.
        var made = new List<Descriptor>();
        var children = new Dictionary<Digest, List<Digest>>();
        var subjects = new Dictionary<Digest, Digest>();
        for (int i = 0; i < nodes.Length; i++)
        {
            Node node = nodes[i];
            OciLayout own = layout.InNamespace(Namespaces[node.Namespace]);
            Descriptor[] below = node.IsIndex && made.Count > 0
                ? [.. node.Children.Select(n => made[n % made.Count])]
                : [.. node.Children.Select(n => leaves[n % Leaves])];
            Descriptor? subject = node.Subject < made.Count ? made[node.Subject] : null;
            var number = new Dictionary<string, string> { ["number"] = $"{i}" };
            Descriptor document = node.IsIndex && made.Count > 0
                ? await TestContent.PushIndexAsync(
                    own, below, index => index with { Subject = subject, Annotations = number })
                : await TestContent.PushManifestAsync(
                    own, leaves[0], below, manifest => manifest with { Subject = subject, Annotations = number });
            made.Add(document);
            children[document.Digest] = [.. below.Select(child => child.Digest)];
            if (!(node.IsIndex && i > 0))
            {
                children[document.Digest].Add(leaves[0].Digest);
            }

            if (subject is not null)
            {
                subjects[document.Digest] = subject.Digest;
            }

            switch (node.Root)
            {
                case 0 or 1:
                    await own.TagAsync(document, $"docker.io/library/x:{i}", Token);
                    break;
                case 2:
                    await own.AddRootAsync(document, Token);
                    break;
                case 3:
                    await own.Leases.CreateAsync(new LeaseOptions { Id = $"l{i}" }, Token);
                    await own.Leases.AddAsync($"l{i}", [document], Token);
                    break;
            }
        }

        var missing = new HashSet<Digest>(nodes.Index().Where(n => n.Item.IsMissing).Select(n => made[n.Index].Digest));
        missing.UnionWith(missingLeaves.Where(n => n < Leaves).Select(n => leaves[n].Digest));
        foreach (Digest digest in missing)
        {
            File.Delete(LayoutFile.Of(layout, digest));
        }

        LayoutFile.MakeOld(layout);
        HashSet<Digest> expected = Reach(
            await layout.ReadIndexAsync(Token), prune, children, subjects, missing);
        expected.ExceptWith(missing);

        CollectionReport report = await layout.CollectAsync(new CollectionOptions { PruneUntagged = prune }, Token);

        HashSet<Digest> left = [.. Directory
            .GetFiles(Path.Combine(layout.DirectoryPath, "blobs", "sha256")).Select(path => Digest.Parse("sha256:" + Path.GetFileName(path)))];
        Assert.Equal(expected.Order(), left.Order());
        Assert.Equal(left.Count, report.Kept);
        return true;
    }

    private static HashSet<Digest> Reach(
        OciDocument<ImageIndex> index,
        PruneScope prune,
        Dictionary<Digest, List<Digest>> children,
        Dictionary<Digest, Digest> subjects,
        HashSet<Digest> missing)
    {
        var live = new HashSet<Digest>();
        var candidates = new List<Digest>();
        foreach (Descriptor entry in index.Value.Manifests)
        {
            string owner = entry.Annotations.GetValueOrDefault("dev.ociimage.namespace") ?? "default";
            bool isUntagged = !entry.Annotations.ContainsKey("dev.ociimage.name") &&
                !entry.Annotations.ContainsKey("dev.ociimage.lease") && !entry.Annotations.ContainsKey(AnnotationKeys.RefName);
            if (isUntagged && (prune == PruneScope.AllNamespaces || (prune == PruneScope.OwnNamespace && owner == "default")))
            {
                candidates.Add(entry.Digest);
            }
            else
            {
                Visit(entry.Digest);
            }
        }

        int before;
        do
        {
            before = live.Count;
            foreach (Digest candidate in candidates)
            {
                if (!missing.Contains(candidate) && subjects.TryGetValue(candidate, out Digest subject) && live.Contains(subject))
                {
                    Visit(candidate);
                }
            }
        }
        while (live.Count > before);

        return live;

        void Visit(Digest digest)
        {
            if (live.Add(digest) && !missing.Contains(digest))
            {
                children.GetValueOrDefault(digest, []).ForEach(Visit);
            }
        }
    }
}
