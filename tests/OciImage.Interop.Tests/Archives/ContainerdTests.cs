using OciImage.Layout;
using OciImage.TestKit;
using OciImage.TestKit.Peers;
using Xunit;

namespace OciImage.Interop.Tests.Archives;

/// <summary>What containerd and this library say of the same archives.</summary>
public sealed class ContainerdTests
{
    private const string Name = "docker.io/library/sample:v1";

    [Fact]
    public async Task Containerd_ImportsWhatExportWrites_AndExportsWhatImportReads()
    {
        using var directory = new TemporaryDirectory();
        await using Containerd containerd = await Containerd.StartAsync(directory.CreateDirectory("c"));
        OciLayout layout = await OciLayout.OpenOrCreateAsync(
            directory.Combine("layout"), cancellationToken: TestContext.Current.CancellationToken);
        Descriptor image = await ArchiveSamples.PushImageAsync(layout, "v1");
        string archive = directory.Combine("export.tar");
        await Ocimg.RunOkAsync("export", $"oci:{layout.DirectoryPath}:v1", "--name", Name, "-o", archive);

        await containerd.RunAsync("archives", "images", "import", archive);
        string listed = await containerd.RunAsync("archives", "images", "ls");
        string check = await containerd.RunAsync("archives", "images", "check");
        string theirs = directory.Combine("theirs.tar");
        await containerd.RunAsync("archives", "images", "export", theirs, Name);
        string imported = await Ocimg.RunOkAsync("import", theirs, directory.Combine("back"));

        Assert.Contains(image.Digest.ToString(), listed, StringComparison.Ordinal);
        Assert.Contains(Name, listed, StringComparison.Ordinal);
        Assert.Contains("complete (3/3)", check, StringComparison.Ordinal);
        Assert.Equal(image.Digest.ToString(), imported);
        Assert.Equal(Name, await Ocimg.RunOkAsync("tags", $"oci-archive:{theirs}"));
        Assert.Equal(image.Digest.ToString(), await Ocimg.RunOkAsync("digest", $"oci:{directory.Combine("back")}:v1"));
    }

    [Fact]
    public async Task Import_TakesAnIndexOfWhichContainerdHasOnePlatform()
    {
        using var directory = new TemporaryDirectory();
        await using Containerd containerd = await Containerd.StartAsync(directory.CreateDirectory("c"));
        OciLayout layout = await OciLayout.OpenOrCreateAsync(
            directory.Combine("layout"), cancellationToken: TestContext.Current.CancellationToken);
        Descriptor own = await ArchiveSamples.PushImageAsync(layout, "own");
        Descriptor other = await TestContent.PushImageAsync(layout, "other");
        Descriptor index = await TestContent.PushIndexAsync(
            layout,
            [
                own with { Platform = PlatformMatcher.Current.Platform },
                other with { Platform = new Platform { Os = "linux", Architecture = "s390x" } },
            ]);
        await layout.TagAsync(index, "v1", TestContext.Current.CancellationToken);
        string archive = directory.Combine("export.tar");
        string theirs = directory.Combine("theirs.tar");
        string back = $"oci:{directory.Combine("back")}";
        await Ocimg.RunOkAsync("export", $"oci:{layout.DirectoryPath}:v1", "--name", Name, "-o", archive);

        await containerd.RunAsync("archives", "images", "import", archive);
        await containerd.RunAsync("archives", "images", "export", theirs, Name);
        string imported = await Ocimg.RunOkAsync("import", theirs, directory.Combine("back"));
        await Ocimg.RunOkAsync("export", $"{back}:v1", "--name", Name, "-o", archive);
        string again = await Ocimg.RunOkAsync("import", archive, directory.Combine("again"));

        Assert.Equal(index.Digest.ToString(), imported);
        Assert.Equal(index.Digest.ToString(), again);
        Assert.Equal(own.Digest.ToString(), await Ocimg.RunOkAsync("check", $"{back}@{own.Digest}"));
        Assert.Equal(4, (await Ocimg.RunAsync("digest", $"{back}@{other.Digest}")).ExitCode);
    }

    [Fact]
    public async Task Containerd_MakesTheSameManifestOfADockerArchive()
    {
        Peer skopeo = Peer.Require("skopeo");
        using var directory = new TemporaryDirectory();
        await using Containerd containerd = await Containerd.StartAsync(directory.CreateDirectory("c"));
        OciLayout layout = await OciLayout.OpenOrCreateAsync(
            directory.Combine("layout"), cancellationToken: TestContext.Current.CancellationToken);
        await ArchiveSamples.PushImageAsync(layout, "v1");
        string archive = directory.Combine("old.tar");
        await skopeo.RunOkAsync(
            "copy", "-q", "--insecure-policy", $"oci:{layout.DirectoryPath}:v1", $"docker-archive:{archive}:sample:v1");

        await containerd.RunAsync("archives", "images", "import", archive);
        string listed = await containerd.RunAsync("archives", "images", "ls");
        string digest = await Ocimg.RunOkAsync("digest", $"docker-archive:{archive}");

        Assert.Contains(digest, listed, StringComparison.Ordinal);
    }
}
