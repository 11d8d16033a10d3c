using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests.Layout;

/// <summary>Other tools read a layout with namespaces and leases, and what they collect and change harms neither.</summary>
public sealed class ForeignToolTests : IDisposable
{
    private const string Name = "docker.io/library/app:1";

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Umoci_CollectsNothingOfNamespacesAndLeases()
    {
        Peer umoci = Peer.Require("umoci");
        (OciLayout layout, Descriptor tagged, Descriptor[] all) = await MakeAsync();

        await umoci.RunOkAsync("tag", "--image", $"{layout.DirectoryPath}:v1", "copied");
        await umoci.RunOkAsync("gc", "--layout", layout.DirectoryPath);

        await AssertIsWholeAsync(layout, all);
        Assert.Equal(tagged.Digest, (await layout.ResolveAsync("copied", Token)).Digest);
        string[] seen = (await umoci.RunOkAsync("ls", "--layout", layout.DirectoryPath)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["copied", "v1"], seen.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Skopeo_CopiesTheDefaultTagAndAddsAnother()
    {
        Peer skopeo = Peer.Require("skopeo");
        (OciLayout layout, Descriptor tagged, Descriptor[] all) = await MakeAsync();
        string policy = _directory.WriteFile("policy.json", """{"default":[{"type":"insecureAcceptAnything"}]}""");

        await skopeo.RunOkAsync(
            "--policy", policy, "copy", "-q", "--preserve-digests",
            $"oci:{layout.DirectoryPath}:v1", $"oci:{_directory.Combine("copy")}:v1");
        await skopeo.RunOkAsync(
            "--policy", policy, "copy", "-q", "--preserve-digests",
            $"oci:{_directory.Combine("copy")}:v1", $"oci:{layout.DirectoryPath}:v2");

        OciLayout copy = await OciLayout.OpenAsync(_directory.Combine("copy"), cancellationToken: Token);
        Assert.Equal(tagged.Digest, (await copy.ResolveAsync("v1", Token)).Digest);
        Assert.Equal(tagged.Digest, (await layout.ResolveAsync("v2", Token)).Digest);
        await AssertIsWholeAsync(layout, all);
    }

    private async Task<(OciLayout Layout, Descriptor Tagged, Descriptor[] All)> MakeAsync()
    {
        string app = _directory.CreateDirectory("app");
        var made = new List<Descriptor>();
        OciLayout layout = await OciLayout.OpenOrCreateAsync(_directory.Combine("layout"), null, Token);
        foreach (string name in new[] { "v1", "named", "untagged", "leased" })
        {
            await File.WriteAllTextAsync(Path.Combine(app, "file"), name, Token);
            await Ocimg.RunOkAsync("build", $"oci:{_directory.Combine("made")}:{name}", "--from", "scratch", "--add", $"{app}:/app");
            OciLayout source = await OciLayout.OpenAsync(_directory.Combine("made"), cancellationToken: Token);
            Descriptor image = await source.ResolveAsync(name, Token);
            await ContentCopy.CopyGraphAsync(source, layout, image, cancellationToken: Token);
            made.Add(image);
        }

        OciLayout other = layout.InNamespace("k8s.io");
        await layout.TagAsync(made[0], "v1", Token);
        await layout.SetLabelsAsync("v1", new Dictionary<string, string?> { ["a"] = "b" }, Token);
        await other.TagAsync(made[1], Name, Token);
        await other.SetLabelsAsync(Name, new Dictionary<string, string?> { ["c"] = "d" }, Token);
        await other.AddRootAsync(made[2], Token);
        Descriptor layer = await TestImage.PushAsync(layout, MediaTypes.LayerGzip, "a layer of nothing yet");
        Descriptor unknown = await TestImage.PushAsync(layout, "a/b", "neither of these");
        await other.Leases.CreateAsync(new LeaseOptions { Id = "build", Lifetime = TimeSpan.FromHours(1), Labels = { ["e"] = "f" } }, Token);
        await other.Leases.AddAsync("build", [made[3], layer, unknown], Token);
        return (layout, made[0], [.. made, layer, unknown]);
    }

    private static async Task AssertIsWholeAsync(OciLayout layout, Descriptor[] all)
    {
        OciLayout other = layout.InNamespace("k8s.io");
        foreach (Descriptor content in all)
        {
            await ContentCopy.CopyGraphAsync(layout, new MemoryStore(), content, cancellationToken: Token);
        }

        Assert.Equal(all[1].Digest, (await other.ResolveAsync(Name, Token)).Digest);
        LayoutRoot[] roots = await other.ListRootsAsync(cancellationToken: Token).ToArrayAsync(Token);
        Assert.Equal([all[1].Digest, all[2].Digest], roots.Select(root => root.Descriptor.Digest));
        Assert.Equal("d", roots[0].Labels["c"]);
        LayoutLease? lease = await other.Leases.FindAsync("build", Token);
        Assert.NotNull(lease);
        Assert.Equal(3, lease.Content.Count);
        Assert.Equal("f", lease.Labels["e"]);
    }
}
