using OciImage.Content;
using OciImage.Engines;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests.Engines;

/// <summary>Images go into a real containerd over gRPC and come back, and containerd finds them right.</summary>
public sealed class ContainerdTests : IDisposable
{
    private const string Name = "docker.io/library/ours:v1";

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Copy_OfAPushedImageRuns()
    {
        Peer.Require("runc");
        await using Containerd containerd = await Containerd.StartAsync(_directory.CreateDirectory("c"));
        string place = await Programs.BuildImageAsync(_directory);

        await OcimgAsync(containerd, "copy", place, "containerd:ours:v1");

        string check = await containerd.RunAsync("default", "images", "check");
        Assert.Contains($"{Name} ", check, StringComparison.Ordinal);
        Assert.Contains("complete (", check, StringComparison.Ordinal);
        Assert.Equal(Programs.Output, await containerd.RunAsync("default", "run", "--rm", "--snapshotter", "native", Name, "hello"));
        Assert.Equal("ID CREATED AT LABELS", Words(await containerd.RunAsync("default", "leases", "ls"))); // none is left
    }

    [Fact]
    public async Task Copy_IsByteIdenticalThereAndBackAndOutlivesCollections()
    {
        await using Containerd containerd = await Containerd.StartAsync(_directory.CreateDirectory("c"));
        Descriptor index = await MakeIndexAsync("source");
        await MakeIndexAsync("other");
        string source = $"oci:{_directory.Combine("source")}:v1";
        await OcimgAsync(containerd, "copy", source, "containerd:ours:v1");
        await OcimgAsync(containerd, "copy", $"oci:{_directory.Combine("other")}:v1", "containerd:other:v1");

        // A removal that waits for the collection.
        await containerd.RunAsync("default", "images", "rm", "--sync", "docker.io/library/other:v1");
        await OcimgAsync(containerd, "copy", "containerd:ours:v1", $"oci:{_directory.Combine("back")}:v1");

        Assert.Equal(index.Digest.ToString(), await OcimgAsync(containerd, "digest", "containerd:ours:v1"));
        Assert.Equal(index.Digest.ToString(), await OcimgAsync(containerd, "digest", $"oci:{_directory.Combine("back")}:v1"));
        Assert.Equal(Blobs("source"), Blobs("back"));
        Assert.Equal("v1", await OcimgAsync(containerd, "tags", "containerd:ours"));
        Assert.Equal(Name, await OcimgAsync(containerd, "tags", "containerd:"));
    }

    [Fact]
    public async Task Copy_IntoASecondNamespaceSharesContent()
    {
        await using Containerd containerd = await Containerd.StartAsync(_directory.CreateDirectory("c"));
        await MakeIndexAsync("source");
        string source = $"oci:{_directory.Combine("source")}:v1";
        await OcimgAsync(containerd, "copy", source, "containerd:ours:v1");
        long before = StoredBytes();

        await InNamespaceAsync(containerd, "second", "copy", source, "containerd:ours:v1");

        // A removal that waits for the collection; a prune beside it may find content gone that it has just listed.
        await containerd.RunAsync("default", "images", "rm", "--sync", Name);

        Assert.Equal(before, StoredBytes());
        Assert.Contains(Name, await containerd.RunAsync("second", "images", "check"), StringComparison.Ordinal);
        await InNamespaceAsync(containerd, "second", "copy", "containerd:ours:v1", $"oci:{_directory.Combine("back")}:v1");
        Assert.Equal(Blobs("source"), Blobs("back"));
    }

    [Fact]
    public async Task Copy_TakesOutWhatCtrImported()
    {
        await using Containerd containerd = await Containerd.StartAsync(_directory.CreateDirectory("c"));
        Descriptor index = await MakeIndexAsync("source");
        await OcimgAsync(containerd, "copy", $"oci:{_directory.Combine("source")}:v1", "containerd:ours:v1");
        string archive = _directory.Combine("image.tar");
        await containerd.RunAsync("default", "images", "export", "--all-platforms", archive, Name);

        await containerd.RunAsync("imported", "images", "import", "--all-platforms", "--no-unpack", archive);
        await InNamespaceAsync(containerd, "imported", "copy", "containerd:ours:v1", $"oci:{_directory.Combine("back")}:v1");

        Assert.Equal(index.Digest.ToString(), await OcimgAsync(containerd, "digest", $"oci:{_directory.Combine("back")}:v1"));
        Assert.Equal(Blobs("source"), Blobs("back"));
    }

    [Fact]
    public async Task PushAsync_LeavesNothingBehindWhenItFails()
    {
        await using Containerd containerd = await Containerd.StartAsync(_directory.CreateDirectory("c"));
        await using ContainerdStore store = await ContainerdStore.ConnectAsync(
            new ContainerdOptions { Address = containerd.Address }, Token);
        byte[] bytes = TestContent.Bytes(3_000_000);
        Descriptor descriptor = Descriptor.Create(TestContent.Unknown, bytes);
        bytes[^1] ^= 1;

        await Assert.ThrowsAsync<ContentVerificationException>(
            async () => await store.PushAsync(descriptor, ReplayableContent.FromBytes(bytes), Token));

        Assert.False(await store.ExistsAsync(descriptor, Token));
        Assert.Equal("REF SIZE AGE", Words(await containerd.RunAsync("default", "content", "active")));
    }

    [Fact]
    public async Task Ingest_GoesOnInARealContainerd()
    {
        await using Containerd containerd = await Containerd.StartAsync(_directory.CreateDirectory("c"));
        await using ContainerdStore store = await ContainerdStore.ConnectAsync(
            new ContainerdOptions { Address = containerd.Address }, Token);
        byte[] bytes = TestContent.Bytes(3_000_000);
        ContentIngest first = await store.OpenIngestAsync("key", Token);
        await using (first)
        {
            await first.AppendAsync(bytes.AsMemory(0, 2_000_000), Token);
            await Assert.ThrowsAsync<IOException>(async () => await store.OpenIngestAsync("key", Token));
        }

        ContentIngest second = await OpenWhenFreeAsync(store, "key");
        await using (second)
        {
            Assert.Equal(2_000_000, second.Offset);
            await second.AppendAsync(bytes.AsMemory(2_000_000), Token);
            Descriptor committed = await second.CommitAsync(TestContent.Unknown, null, Token);
            Assert.Equal(Descriptor.Create(TestContent.Unknown, bytes), committed);
        }
    }

    private static Task<string> OcimgAsync(Containerd containerd, params IReadOnlyList<string> arguments) =>
        InNamespaceAsync(containerd, "default", arguments);

    // By its variable: '--namespace' would hold for the layout, too.
    private static async Task<string> InNamespaceAsync(Containerd containerd, string name, params IReadOnlyList<string> arguments)
    {
        var variables = new Dictionary<string, string?>
        {
            ["CONTAINERD_ADDRESS"] = containerd.Address,
            ["CONTAINERD_NAMESPACE"] = name,
        };
        PeerResult result = await Ocimg.RunWithAsync(null, variables, arguments);
        Assert.True(result.ExitCode == 0, $"'ocimg {string.Join(' ', arguments)}' exited with {result.ExitCode}:\n{result.Error}");

        return result.Output.TrimEnd('\n');
    }

    private static async Task<ContentIngest> OpenWhenFreeAsync(ContainerdStore store, string key)
    {
        while (true)
        {
            try
            {
                return await store.OpenIngestAsync(key, Token);
            }
            catch (IOException)
            {
                // containerd sees the end of a stream a moment after it.
                await Task.Delay(10, Token);
            }
        }
    }

    private static string Words(string text) =>
        string.Join(' ', text.Split((char[])[' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries));

    private async Task<Descriptor> MakeIndexAsync(string name)
    {
        OciLayout layout = await OciLayout.OpenOrCreateAsync(_directory.Combine(name), cancellationToken: Token);
        var images = new List<Descriptor>();
        foreach (string architecture in (string[])["amd64", "arm64"])
        {
            OciImage.Layers.WrittenLayer layer = await TestImage.AddLayerAsync(layout, "file", $"{name} {architecture}");
            Descriptor config = await TestImage.PushAsync(
                layout,
                MediaTypes.ImageConfig,
                $$$"""{"architecture":"{{{architecture}}}","os":"linux","rootfs":{"type":"layers","diff_ids":["{{{layer.DiffId}}}"]}}""");
            images.Add(await TestContent.PushManifestAsync(layout, config, [layer.Descriptor]) with
            {
                Platform = new Platform { Os = "linux", Architecture = architecture },
            });
        }

        Descriptor index = await TestContent.PushIndexAsync(layout, images);
        await layout.TagAsync(index, "v1", Token);

        return index;
    }

    private string[] Blobs(string name) =>
        [.. Directory.EnumerateFiles(_directory.Combine(name, "blobs", "sha256")).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    private long StoredBytes() => new DirectoryInfo(_directory.Combine("c", "root", "io.containerd.content.v1.content", "blobs"))
        .EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
}
