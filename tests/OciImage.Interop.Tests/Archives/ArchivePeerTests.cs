using System.Text.Json;
using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.TestKit.Peers;
using Xunit;

namespace OciImage.Interop.Tests.Archives;

/// <summary>Archives between this library and other tools, in both directions.</summary>
public sealed class ArchivePeerTests : IDisposable
{
    private const string Name = "docker.io/library/sample:v1";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("oci-archive:", ":v1")]
    [InlineData("docker-archive:", ":" + Name)]
    public async Task Skopeo_ReadsWhatExportWrites(string transport, string name)
    {
        Peer skopeo = Peer.Require("skopeo");
        (string archive, Descriptor image) = await ExportAsync();
        string copy = _directory.Combine("copy");

        await skopeo.RunOkAsync("copy", "-q", "--insecure-policy", $"{transport}{archive}{name}", $"oci:{copy}:v1");

        Descriptor copied = await ResolveAsync(copy, "v1");
        if (transport == "oci-archive:")
        {
            Assert.Equal(image.Digest, copied.Digest);
        }

        Assert.Equal(0, (await Ocimg.RunAsync("check", $"oci:{copy}:v1")).ExitCode);
    }

    [Fact]
    public async Task Copy_ReadsWhatSkopeoWritesAsOciArchive()
    {
        Peer skopeo = Peer.Require("skopeo");
        (string layout, Descriptor image) = await MakeLayoutAsync();
        string archive = _directory.Combine("skopeo.tar");
        await skopeo.RunOkAsync("copy", "-q", "--insecure-policy", $"oci:{layout}:v1", $"oci-archive:{archive}:sample:v1");

        string digest = await Ocimg.RunOkAsync("copy", $"oci-archive:{archive}:sample:v1", $"oci:{_directory.Combine("back")}:v1");

        Assert.Equal(image.Digest.ToString(), digest);
    }

    [Fact]
    public async Task Copy_ReadsWhatSkopeoWritesAsDockerArchive()
    {
        Peer skopeo = Peer.Require("skopeo");
        (string layout, _) = await MakeLayoutAsync();
        string archive = _directory.Combine("old.tar");
        string back = _directory.Combine("back");
        await skopeo.RunOkAsync(
            "copy", "-q", "--insecure-policy", "--additional-tag", "other/name:v2", $"oci:{layout}:v1", $"docker-archive:{archive}:sample:v1");

        string tags = await Ocimg.RunOkAsync("tags", $"docker-archive:{archive}");
        await Ocimg.RunOkAsync("copy", $"docker-archive:{archive}:other/name:v2", $"oci:{back}");

        Assert.Equal("docker.io/library/sample:v1\ndocker.io/other/name:v2", tags);
        Assert.Equal(0, (await Ocimg.RunAsync("check", $"oci:{back}:v2")).ExitCode);
        await Ocimg.RunOkAsync("check", $"docker-archive:{archive}:v1");
    }

    [Fact]
    public async Task Copy_WritesADockerArchiveThatSkopeoReadsAlike()
    {
        Peer skopeo = Peer.Require("skopeo");
        (string layout, Descriptor image) = await MakeLayoutAsync();
        string archive = _directory.Combine("ours.tar");
        await Ocimg.RunOkAsync("copy", $"oci:{layout}:v1", $"docker-archive:{archive}:sample:v1");

        string listed = await skopeo.RunOkAsync("list-tags", $"docker-archive:{archive}");
        string inspected = await skopeo.RunOkAsync("inspect", "--raw", $"oci-archive:{archive}:v1");

        Assert.Contains("\"sample:v1\"", listed, StringComparison.Ordinal);
        Assert.Equal(image.Digest, Digest.Compute(System.Text.Encoding.UTF8.GetBytes(inspected)));
    }

    [Fact]
    public async Task Crane_PushesWhatExportWrites_AndItsTarballsAreRead()
    {
        Peer crane = Peer.Require("crane");
        (string archive, Descriptor image) = await ExportAsync();
        await using DockerRegistry registry = await DockerRegistry.StartAsync(_directory.CreateDirectory("registry"));
        string remote = $"{registry.Host}/sample:v1";
        string layout = await MakeLayoutCopyAsync(archive);
        await Ocimg.RunOkAsync("copy", "--plain-http", $"oci:{layout}:v1", remote);
        string legacy = _directory.Combine("crane.tar");
        string again = $"{registry.Host}/again:v1";

        await crane.RunOkAsync("pull", "--insecure", remote, legacy);
        await crane.RunOkAsync("push", "--insecure", archive, again);
        string names = await Ocimg.RunOkAsync("tags", $"docker-archive:{legacy}");
        PeerResult check = await Ocimg.RunAsync("check", $"docker-archive:{legacy}");
        string oci = _directory.CreateDirectory("crane");
        await crane.RunOkAsync("pull", "--insecure", "--format=oci", remote, oci);
        string tarred = _directory.Combine("crane-oci.tar");
        await Peer.Require("tar").RunOkAsync("-cf", tarred, "-C", oci, ".");
        string digest = await Ocimg.RunOkAsync("digest", $"oci-archive:{tarred}@{image.Digest}");

        Assert.Equal(remote, names);
        Assert.True(check.ExitCode == 0, check.Error);
        Assert.Equal(image.Digest.ToString(), digest);
        Assert.NotEmpty(await crane.RunOkAsync("digest", "--insecure", again));
    }

    [Fact]
    public async Task Oras_ReadsTheArchiveAsALayout_AndItsTarIsRead()
    {
        Peer oras = Peer.Require("oras");
        (string archive, Descriptor image) = await ExportAsync();
        string copy = _directory.Combine("oras");

        await oras.RunOkAsync("cp", "--from-oci-layout", $"{archive}:v1", "--to-oci-layout", $"{copy}:v1");
        string tarred = _directory.Combine("oras.tar");
        await Peer.Require("tar").RunOkAsync("-cf", tarred, "-C", copy, "oci-layout", "index.json", "blobs");

        Assert.Equal(image.Digest.ToString(), await Ocimg.RunOkAsync("digest", $"oci-archive:{tarred}:v1"));
    }

    [Fact]
    public async Task Umoci_ReadsTheUnpackedArchive()
    {
        Peer umoci = Peer.Require("umoci");
        (string archive, _) = await ExportAsync();
        string layout = _directory.CreateDirectory("layout-of-tar");

        await Peer.Require("tar").RunOkAsync("-xf", archive, "-C", layout);
        string tags = await umoci.RunOkAsync("ls", "--layout", layout);

        Assert.Equal("v1", tags.Trim());
    }

    [Fact]
    public async Task Buildah_PullsWhatExportWrites_AndItsArchivesAreRead()
    {
        Peer buildah = Peer.Require("buildah");
        Peer.RequireRoot();
        (string archive, Descriptor image) = await ExportAsync();
        string[] store =
        [
            "--root", _directory.CreateDirectory("root"), "--runroot", _directory.CreateDirectory("run"), "--storage-driver", "vfs",
        ];
        string ociArchive = _directory.Combine("buildah-oci.tar");
        string dockerArchive = _directory.Combine("buildah-docker.tar");

        await buildah.RunOkAsync([.. store, "pull", "-q", $"oci-archive:{archive}:v1"]);
        await buildah.RunOkAsync([.. store, "pull", "-q", $"docker-archive:{archive}:{Name}"]);
        string id = (await buildah.RunOkAsync([.. store, "images", "-q", "--no-trunc", Name])).Trim();
        await buildah.RunOkAsync([.. store, "push", "-q", "-f", "oci", id, $"oci-archive:{ociArchive}:sample:v1"]);
        await buildah.RunOkAsync([.. store, "push", "-q", id, $"docker-archive:{dockerArchive}:sample:v1"]);

        Assert.Equal(await ConfigOfAsync(archive, image), Digest.Parse(id.StartsWith("sha256:", StringComparison.Ordinal) ? id : $"sha256:{id}"));
        await Ocimg.RunOkAsync("check", $"oci-archive:{ociArchive}:sample:v1");
        await Ocimg.RunOkAsync("check", $"docker-archive:{dockerArchive}:sample:v1");
    }

    private static async Task<Digest> ConfigOfAsync(string archive, Descriptor image)
    {
        await using ImageArchive opened = await ImageArchive.OpenAsync(archive, cancellationToken: TestContext.Current.CancellationToken);
        using JsonDocument manifest = JsonDocument.Parse(await TestContent.ReadAsync(opened, image));
        return Digest.Parse(manifest.RootElement.GetProperty("config").GetProperty("digest").GetString()!);
    }

    private static async Task<Descriptor> ResolveAsync(string layout, string tag)
    {
        OciLayout opened = await OciLayout.OpenAsync(layout, cancellationToken: TestContext.Current.CancellationToken);
        return await opened.ResolveAsync(tag, TestContext.Current.CancellationToken);
    }

    private async Task<string> MakeLayoutCopyAsync(string archive)
    {
        string layout = _directory.Combine("layout-copy");
        await Ocimg.RunOkAsync("import", archive, layout);
        return layout;
    }

    private async Task<(string Path, Descriptor Image)> MakeLayoutAsync()
    {
        string path = _directory.Combine("layout");
        OciLayout layout = await OciLayout.OpenOrCreateAsync(path, cancellationToken: TestContext.Current.CancellationToken);
        return (path, await ArchiveSamples.PushImageAsync(layout, "v1"));
    }

    private async Task<(string Path, Descriptor Image)> ExportAsync()
    {
        (string layout, Descriptor image) = await MakeLayoutAsync();
        string archive = _directory.Combine("export.tar");
        await Ocimg.RunOkAsync("export", $"oci:{layout}:v1", "--name", Name, "-o", archive);
        return (archive, image);
    }
}
