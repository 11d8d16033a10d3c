using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;

namespace OciImage.Tests.Layout.Archives;

/// <summary>Random images that share layers, indexes in indexes, sparse ones, and what refers to them, in one namespace of a layout.</summary>
internal sealed class ImageSet
{
    private const int Layers = 6;

    private static readonly string[] Tags = ["v1", "v2", "latest", "x_1.2-3"];

    private static readonly string[] References =
        ["docker.io/library/a:v1", "localhost:5000/team/b:v1", "registry.example:443/c/d/e:latest", "docker.io/one/a:v2"];

    private readonly Dictionary<Digest, IReadOnlyList<Descriptor>> _children = [];
    private readonly List<(Descriptor Subject, Descriptor Referrer)> _referrers = [];
    private readonly HashSet<Digest> _absent = [];

    /// <summary>Gets everything that was made, and what sparse indexes list without there being any.</summary>
    public List<Descriptor> Nodes { get; } = [];

    /// <summary>Makes the images that numbers stand for; a number picks a child from what was made before.</summary>
    public static async Task<ImageSet> BuildAsync(OciLayout layout, int[][] images, int[][] artifacts, int[][] indexes, int[] names)
    {
        var set = new ImageSet();
        for (int i = 0; i < Layers; i++)
        {
            set.Add(await TestImage.PushAsync(layout, MediaTypes.LayerGzip, $"layer {i}"));
        }

        Descriptor[] layers = [.. set.Nodes];
        foreach (int[] picks in images)
        {
            Descriptor config = set.Add(await TestImage.PushAsync(
                layout, MediaTypes.ImageConfig, $$"""{"os":"linux","architecture":"amd64","made":"{{string.Join(',', picks)}}"}"""));
            Descriptor[] own = [.. picks.Select(pick => layers[pick % Layers])];
            set.Add(await TestContent.PushManifestAsync(layout, config, own), [config, .. own]);
        }

        foreach (int[] picks in artifacts)
        {
            Descriptor blob = set.Add(await TestImage.PushAsync(layout, TestContent.Unknown, $"artifact {string.Join(',', picks)}"));
            Descriptor[] documents = [.. set.Nodes.Where(ContentGraph.HasChildren)];
            Descriptor subject = documents[picks[0] % documents.Length];
            Descriptor artifact = set.Add(
                await TestContent.PushManifestAsync(
                    layout, blob, [blob], manifest => manifest with { Subject = subject, ArtifactType = "application/vnd.test.kind" }),
                [blob]);
            set._referrers.Add((subject, artifact));
        }

        foreach (int[] picks in indexes)
        {
            Descriptor[] documents = [.. set.Nodes.Where(ContentGraph.HasChildren)];
            List<Descriptor> own = [.. picks.Select(pick => documents[pick % documents.Length])];
            if (picks[0] % 3 == 0)
            {
                Descriptor absent = TestContent.Describe($"never made {picks[0]}", MediaTypes.ImageManifest) with
                {
                    Platform = new Platform { Os = "linux", Architecture = "s390x" },
                };
                set._absent.Add(absent.Digest);
                set.Nodes.Add(absent.ToContentDescriptor());
                own.Add(absent);
            }

            set.Add(await TestContent.PushIndexAsync(layout, own), own);
        }

        string[] pool = layout.Namespace == OciLayoutOptions.DefaultNamespace ? Tags : References;
        Descriptor[] named = [.. set.Nodes.Where(node => ContentGraph.HasChildren(node) && !set._absent.Contains(node.Digest))];
        for (int i = 0; i < names.Length; i++)
        {
            await layout.TagAsync(named[names[i] % named.Length], pool[i % pool.Length]);
        }

        return set;
    }

    /// <summary>Returns what a copy of these roots carries: all below them that is there, and what refers to any of it.</summary>
    public HashSet<Digest> Reach(IEnumerable<Digest> roots)
    {
        var reached = new HashSet<Digest>();
        var left = new Stack<Digest>(roots);
        while (left.TryPop(out Digest digest))
        {
            if (_absent.Contains(digest) || !reached.Add(digest))
            {
                continue;
            }

            IEnumerable<Descriptor> next = _children.GetValueOrDefault(digest, [])
                .Concat(_referrers.Where(pair => pair.Subject.Digest == digest).Select(pair => pair.Referrer));
            foreach (Descriptor node in next)
            {
                left.Push(node.Digest);
            }
        }

        return reached;
    }

    private Descriptor Add(Descriptor node, IReadOnlyList<Descriptor>? children = null)
    {
        if (children is not null)
        {
            _children[node.Digest] = children;
        }

        // Two documents of the same children are one.
        if (!Nodes.Any(other => other.Digest == node.Digest))
        {
            Nodes.Add(node);
        }

        return node;
    }
}
