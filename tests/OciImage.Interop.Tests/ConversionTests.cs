using System.Text.Json.Nodes;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests;

/// <summary>What we convert, others read, and what others convert is what we make of it.</summary>
[Collection(DebianImageCollection.Name)]
public sealed class ConversionTests(DebianImage image) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Copy_ToDockerGivesTheConfigurationAndLayersThatSkopeoGives()
    {
        string layout = await image.GetLayoutAsync();
        Peer skopeo = Peer.Require("skopeo");
        await skopeo.RunOkAsync(
            "--policy", image.Policy, "copy", "-q", "--format", "v2s2", $"oci:{layout}:v1", $"dir:{_directory.Combine("skopeo")}");

        await ConvertAsync(layout, "docker", "--format", "docker", "--lossy");

        JsonNode theirs = JsonNode.Parse(await File.ReadAllTextAsync(_directory.Combine("skopeo", "manifest.json"), Token))!;
        JsonNode ours = JsonNode.Parse(await Ocimg.RunOkAsync("inspect", "--raw", At("docker")))!;
        Assert.True(JsonNode.DeepEquals(theirs, ours), $"{theirs}\n{ours}");
    }

    [Fact]
    public async Task Copy_ToDockerIsTakenByARegistryAndReadByOthers()
    {
        string layout = await image.GetLayoutAsync();
        await using DockerRegistry registry = await DockerRegistry.StartAsync(_directory.CreateDirectory("registry"));
        string target = $"{registry.Host}/debian/docker:v1";

        // crane takes every layer of Docker's for gzip, and buildah's are plain.
        string digest = await Ocimg.RunOkAsync(
            "copy", $"oci:{layout}:v1", target, "--format", "docker", "--compress", "gzip", "--lossy");

        string inspected = await Peer.Require("skopeo").RunOkAsync(
            "--policy", image.Policy, "inspect", "--tls-verify=false", $"docker://{target}");
        Assert.Equal(digest, (string)JsonNode.Parse(inspected)!["Digest"]!);
        await Peer.Require("crane").RunOkAsync("validate", "--insecure", "--remote", target);
        await AssertSameTreeAsync(layout, target);
    }

    [Theory]
    [InlineData("zstd", "umoci-0.6")]
    [InlineData("gzip", "umoci-0.6")]
    [InlineData("none", "umoci")]
    public async Task Copy_GivesLayersThatOthersUnpackToTheSameTree(string compression, string umoci)
    {
        string layout = await image.GetLayoutAsync();
        await ConvertAsync(layout, "converted", "--compress", compression, "--force-compress");

        await Peer.Require(umoci).RunOkAsync(
            "unpack", "--image", $"{_directory.Combine("converted")}:v1", _directory.Combine("bundle"));
        await Ocimg.RunOkAsync("unpack", $"oci:{layout}:v1", _directory.Combine("before"));
        await Ocimg.RunOkAsync("unpack", At("converted"), _directory.Combine("after"));

        await TreeListing.AssertEqualAsync(_directory.Combine("before"), _directory.Combine("bundle", "rootfs"));
        await TreeListing.AssertEqualAsync(_directory.Combine("before"), _directory.Combine("after"));
    }

    [Theory]
    [InlineData("zstd", "zstd")]
    [InlineData("gzip", "gzip")]
    public async Task Copy_GivesLayersThatTheFormatsOwnProgramsAccept(string compression, string program)
    {
        string layout = await image.GetLayoutAsync();
        Peer peer = Peer.Require(program);
        await ConvertAsync(layout, "converted", "--compress", compression, "--force-compress", "--level", "5");

        JsonNode manifest = JsonNode.Parse(await Ocimg.RunOkAsync("inspect", "--raw", At("converted")))!;
        foreach (JsonNode? layer in manifest["layers"]!.AsArray())
        {
            string blob = _directory.Combine("converted", "blobs", "sha256", ((string)layer!["digest"]!)[7..]);
            string copy = _directory.Combine(program == "zstd" ? "layer.zst" : "layer.gz");
            File.Copy(blob, copy, overwrite: true);
            await peer.RunOkAsync("-t", copy);
        }
    }

    // From one compression to the next and back: neither configurations nor layers get another digest than on the straight way.
    [Fact]
    public async Task Copy_ThroughEveryCompressionEndsWhereItBegan()
    {
        string layout = await image.GetLayoutAsync();
        string first = await ConvertAsync(layout, "zstd", "--compress", "zstd");
        await ConvertAsync(_directory.Combine("zstd"), "gzip", "--compress", "gzip");
        await ConvertAsync(_directory.Combine("gzip"), "none", "--compress", "none");
        string last = await ConvertAsync(_directory.Combine("none"), "again", "--compress", "zstd");

        Assert.Equal(first, last);
        foreach (string name in new[] { "zstd", "gzip", "none" })
        {
            await Ocimg.RunOkAsync("check", At(name));
            Assert.Equal(
                await Ocimg.RunOkAsync("inspect", "--config", $"oci:{layout}:v1"), await Ocimg.RunOkAsync("inspect", "--config", At(name)));
        }
    }

    // Through a registry, which wants digests first: layers are staged, and the second time none is read.
    [Fact]
    public async Task Copy_IntoARegistryWithACacheConvertsNoLayerTwice()
    {
        string layout = await image.GetLayoutAsync();
        await using DockerRegistry registry = await DockerRegistry.StartAsync(_directory.CreateDirectory("registry"));
        string[] options = ["--compress", "zstd", "--layer-cache", _directory.Combine("cache"), "--json"];
        await Ocimg.RunOkAsync(["copy", $"oci:{layout}:v1", $"{registry.Host}/debian/zstd:v1", .. options]);

        JsonNode second = JsonNode.Parse(await Ocimg.RunOkAsync(
            ["copy", $"oci:{layout}:v1", $"{registry.Host}/debian/zstd:v2", .. options]))!;

        Assert.All(second["layers"]!.AsArray(), layer => Assert.Equal("reused", (string)layer!["outcome"]!));
        await Ocimg.RunOkAsync("check", $"{registry.Host}/debian/zstd:v2");
    }

    [Fact]
    public async Task Copy_ReadsWhatSkopeoConverted()
    {
        string layout = await image.GetLayoutAsync();
        await Peer.Require("skopeo").RunOkAsync(
            "--policy", image.Policy, "copy", "-q", "--dest-compress-format", "zstd", $"oci:{layout}:v1",
            $"oci:{_directory.Combine("theirs")}:v1");

        string theirs = await ConvertAsync(_directory.Combine("theirs"), "none", "--compress", "none");

        Assert.Equal(await ConvertAsync(layout, "straight", "--compress", "none"), theirs);
    }

    private Task<string> ConvertAsync(string layout, string name, params string[] options) =>
        Ocimg.RunOkAsync(["copy", $"oci:{layout}:v1", At(name), .. options]);

    private string At(string name) => $"oci:{_directory.Combine(name)}:v1";

    private async Task AssertSameTreeAsync(string layout, string place)
    {
        await Ocimg.RunOkAsync("unpack", $"oci:{layout}:v1", _directory.Combine("before"));
        await Ocimg.RunOkAsync("unpack", place, _directory.Combine("after"));
        await TreeListing.AssertEqualAsync(_directory.Combine("before"), _directory.Combine("after"));
    }
}
