using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests;

/// <summary>What others push, we pull: the same digest, and the same tree as others unpack.</summary>
[Collection(DebianImageCollection.Name)]
public sealed class PullTests(DebianImage image) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("base")]
    [InlineData("v1")]
    public async Task Pull_GivesTheDigestThatSkopeoPushed(string tag)
    {
        string layout = await image.GetLayoutAsync();
        await using DockerRegistry registry = await DockerRegistry.StartAsync(_directory.CreateDirectory("registry"));
        string digestFile = _directory.Combine("digest");
        await Skopeo.CopyAsync(image, $"oci:{layout}:{tag}", $"docker://{registry.Host}/debian/small:{tag}", digestFile);

        await Ocimg.RunOkAsync("pull", $"{registry.Host}/debian/small:{tag}", _directory.Combine("pulled"));

        string expected = await File.ReadAllTextAsync(digestFile, TestContext.Current.CancellationToken);
        Assert.Equal(expected, await Ocimg.RunOkAsync("digest", $"oci:{_directory.Combine("pulled")}:{tag}"));
        await Ocimg.RunOkAsync("check", $"oci:{_directory.Combine("pulled")}:{tag}");
    }

    [Theory]
    [InlineData("umoci", "base")]
    [InlineData("umoci", "v1")]
    [InlineData("umoci-0.6", "base")]
    [InlineData("umoci-0.6", "v1")]
    public async Task Unpack_GivesTheTreeThatUmociGives(string umoci, string tag)
    {
        string layout = await image.GetLayoutAsync();
        await Peer.Require(umoci).RunOkAsync("unpack", "--image", $"{layout}:{tag}", _directory.Combine("bundle"));

        await Ocimg.RunOkAsync("unpack", $"oci:{layout}:{tag}", _directory.Combine("rootfs"));

        await TreeListing.AssertEqualAsync(_directory.Combine("bundle", "rootfs"), _directory.Combine("rootfs"));
    }

    [Fact]
    public async Task Unpack_FromARegistryGivesTheSameTreeAsFromALayout()
    {
        string layout = await image.GetLayoutAsync();
        await using DockerRegistry registry = await DockerRegistry.StartAsync(_directory.CreateDirectory("registry"));
        await Skopeo.CopyAsync(image, $"oci:{layout}:v1", $"docker://{registry.Host}/debian/small:v1");
        await Ocimg.RunOkAsync("unpack", $"oci:{layout}:v1", _directory.Combine("from-layout"));

        await Ocimg.RunOkAsync("unpack", $"{registry.Host}/debian/small:v1", _directory.Combine("from-registry"));

        await TreeListing.AssertEqualAsync(_directory.Combine("from-layout"), _directory.Combine("from-registry"));
    }

    [Fact]
    public async Task Pull_ReadsDockerMediaTypesAndZstd()
    {
        string layout = await image.GetLayoutAsync();
        await using DockerRegistry registry = await DockerRegistry.StartAsync(_directory.CreateDirectory("registry"));
        string target = $"{registry.Host}/debian/docker:v1";
        await Peer.Require("skopeo").RunOkAsync(
            "--policy", image.Policy, "copy", "-q", "--format", "v2s2", "--dest-tls-verify=false",
            $"oci:{layout}:v1", $"docker://{target}");
        await Peer.Require("skopeo").RunOkAsync(
            "--policy", image.Policy, "copy", "-q", "--dest-compress-format", "zstd", "--dest-oci-accept-uncompressed-layers",
            $"oci:{layout}:v1", $"oci:{_directory.Combine("zstd")}:v1");
        await Ocimg.RunOkAsync("unpack", $"oci:{layout}:v1", _directory.Combine("gzip-tree"));

        await Ocimg.RunOkAsync("unpack", target, _directory.Combine("docker-tree"));
        await Ocimg.RunOkAsync("unpack", $"oci:{_directory.Combine("zstd")}:v1", _directory.Combine("zstd-tree"));

        await TreeListing.AssertEqualAsync(_directory.Combine("gzip-tree"), _directory.Combine("docker-tree"));
        await TreeListing.AssertEqualAsync(_directory.Combine("gzip-tree"), _directory.Combine("zstd-tree"));
    }
}
