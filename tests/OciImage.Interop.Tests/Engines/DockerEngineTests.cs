using OciImage.Content;
using OciImage.Engines;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests.Engines;

/// <summary>A real dockerd takes images and gives them back.</summary>
[Collection(DockerDaemonCollection.Name)]
public sealed class DockerEngineTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task LoadAsync_OfAnImageRuns()
    {
        await using DockerDaemon docker = await DockerDaemon.StartAsync(_directory.CreateDirectory("d"));
        await Programs.BuildImageAsync(_directory);
        OciLayout layout = await OciLayout.OpenAsync(_directory.Combine("image"), cancellationToken: Token);
        using DockerEngine engine = await DockerEngine.ConnectAsync(new DockerEngineOptions { Address = docker.Address }, Token);

        DockerLoadReport report = await engine.LoadAsync(
            layout, await layout.ResolveAsync("v1", Token), ["ours:v1"], cancellationToken: Token);

        Assert.Equal(["ours:v1"], report.Images);
        Assert.Equal(["ours:v1"], await engine.ListReferencesAsync(Token).ToArrayAsync(Token));
        Assert.Equal($"{report.ImageId}\n", await docker.RunAsync("images", "--no-trunc", "-q"));
        Assert.Equal(Programs.Output, await docker.RunAsync("run", "--rm", "--network", "none", "ours:v1"));
    }

    [Fact]
    public async Task Copy_KeepsConfigurationAndDiffIdsThereAndBack()
    {
        await using DockerDaemon docker = await DockerDaemon.StartAsync(_directory.CreateDirectory("d"));
        string place = await Programs.BuildImageAsync(_directory);
        string back = $"oci:{_directory.Combine("back")}:v1";

        await OcimgAsync(docker, "copy", place, "docker-daemon:ours");
        await OcimgAsync(docker, "copy", "docker-daemon:ours:v1", back);

        Assert.Equal("v1", await OcimgAsync(docker, "tags", "docker-daemon:ours"));
        Assert.Equal(await OcimgAsync(docker, "inspect", "--config", place), await OcimgAsync(docker, "inspect", "--config", back));
        await OcimgAsync(docker, "check", back); // DiffIDs too
        await OcimgAsync(docker, "delete", "docker-daemon:ours:v1");
        Assert.Equal("", await OcimgAsync(docker, "tags", "docker-daemon:"));
    }

    [Fact]
    public async Task LoadAsync_OfALayerThatIsNone_TellsWhatDockerSays()
    {
        await using DockerDaemon docker = await DockerDaemon.StartAsync(_directory.CreateDirectory("d"));
        using DockerEngine engine = await DockerEngine.ConnectAsync(new DockerEngineOptions { Address = docker.Address }, Token);
        var store = new MemoryStore();
        Descriptor config = await TestImage.PushAsync(
            store, MediaTypes.ImageConfig,
            $$$"""{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["{{{TestContent.Describe("x").Digest}}}"]}}""");
        Descriptor layer = await TestImage.PushAsync(store, MediaTypes.LayerGzip, "no archive at all");
        Descriptor image = await TestContent.PushManifestAsync(store, config, [layer]);

        var error = await Assert.ThrowsAsync<EngineException>(
            async () => await engine.LoadAsync(store, image, ["ours:v1"], cancellationToken: Token));

        Assert.Equal(EngineErrorKind.Failed, error.Kind);
        Assert.Empty(await engine.ListReferencesAsync(Token).ToArrayAsync(Token));
    }

    [Fact]
    public async Task Copy_RefusesReferrersWhichDockerCannotKeep()
    {
        await using DockerDaemon docker = await DockerDaemon.StartAsync(_directory.CreateDirectory("d"));
        string place = await Programs.BuildImageAsync(_directory);

        PeerResult result = await RunAsync(docker, "copy", "--referrers", place, "docker-daemon:ours");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("keeps no referrers", result.Error, StringComparison.Ordinal);
        Assert.Equal("", await OcimgAsync(docker, "tags", "docker-daemon:"));
    }

    private static Task<PeerResult> RunAsync(DockerDaemon docker, params IReadOnlyList<string> arguments) =>
        Ocimg.RunWithAsync(
            null, new Dictionary<string, string?> { ["DOCKER_HOST"] = $"unix://{docker.Address}" }, arguments);

    private static async Task<string> OcimgAsync(DockerDaemon docker, params IReadOnlyList<string> arguments)
    {
        PeerResult result = await RunAsync(docker, arguments);
        Assert.True(result.ExitCode == 0, $"'ocimg {string.Join(' ', arguments)}' exited with {result.ExitCode}:\n{result.Error}");

        return result.Output.TrimEnd('\n');
    }
}
