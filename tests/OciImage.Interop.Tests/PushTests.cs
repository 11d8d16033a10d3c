using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests;

/// <summary>What we build and push, others pull, validate and unpack.</summary>
public sealed class PushTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Push_IsPulledBySkopeoCraneAndOrasWithTheSameDigest()
    {
        Peer skopeo = Peer.Require("skopeo");
        Peer crane = Peer.Require("crane");
        Peer oras = Peer.Require("oras");
        await using DockerRegistry registry = await DockerRegistry.StartAsync(_directory.CreateDirectory("registry"));
        string target = $"{registry.Host}/built/app:v1";

        string digest = await BuildAsync(target);

        Assert.Equal(digest, await Ocimg.RunOkAsync("digest", target));
        string inspected = await skopeo.RunOkAsync("inspect", "--tls-verify=false", "--format", "{{.Digest}}", $"docker://{target}");
        Assert.Equal(digest, inspected.Trim());
        Assert.Equal(digest, (await crane.RunOkAsync("digest", "--insecure", target)).Trim());
        string described = await oras.RunOkAsync("manifest", "fetch", "--plain-http", "--descriptor", target);
        Assert.Contains(digest, described, StringComparison.Ordinal);
        await crane.RunOkAsync("pull", "--insecure", "--format=oci", target, _directory.Combine("by-crane"));
        await oras.RunOkAsync(
            "cp", "--from-plain-http", "--to-oci-layout", target, $"{_directory.Combine("by-oras")}:v1");
        Assert.Equal(digest, await Ocimg.RunOkAsync("digest", $"oci:{_directory.Combine("by-oras")}:v1"));
    }

    [Fact]
    public async Task Push_PassesCraneValidate()
    {
        Peer crane = Peer.Require("crane");
        await using DockerRegistry registry = await DockerRegistry.StartAsync(_directory.CreateDirectory("registry"));
        string target = $"{registry.Host}/built/app:v1";
        await BuildAsync(target);

        string output = await crane.RunOkAsync("validate", "--insecure", "--remote", target);

        Assert.Contains("PASS", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("umoci")]
    [InlineData("umoci-0.6")]
    public async Task Build_IsUnpackedByUmociAsByUs(string umoci)
    {
        Peer.RequireRoot();
        Peer peer = Peer.Require(umoci);
        string layout = _directory.Combine("layout");
        await BuildAsync($"oci:{layout}:v1");

        await peer.RunOkAsync("unpack", "--image", $"{layout}:v1", _directory.Combine("bundle"));
        await Ocimg.RunOkAsync("unpack", $"oci:{layout}:v1", _directory.Combine("rootfs"));

        await TreeListing.AssertEqualAsync(_directory.Combine("bundle", "rootfs"), _directory.Combine("rootfs"));
    }

    [Fact]
    public async Task Push_WithCredentialsReachesARegistryWithHtpasswd()
    {
        // user "ann", password "secret" (bcrypt, cost 4).
        const string Htpasswd = "ann:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n";
        await using DockerRegistry registry =
            await DockerRegistry.StartAsync(_directory.CreateDirectory("registry"), Htpasswd);
        string layout = $"oci:{_directory.Combine("layout")}:v1";
        string digest = await BuildAsync(layout);
        string target = $"{registry.Host}/private/app:v1";

        PeerResult anonymous = await Ocimg.RunAsync("copy", layout, target);
        PeerResult wrong = await Ocimg.RunAsync("copy", layout, target, "--creds", "ann:wrong-secret");
        await Ocimg.RunOkAsync("copy", layout, target, "--creds", "ann:secret");

        Assert.Equal(5, anonymous.ExitCode);
        Assert.Equal(5, wrong.ExitCode);
        Assert.DoesNotContain("wrong-secret", wrong.Error, StringComparison.Ordinal);
        Assert.Equal(digest, await Ocimg.RunOkAsync("digest", target, "--creds", "ann:secret"));
    }

    /// <summary>Builds an image out of a small tree with a link and an executable; returns the digest.</summary>
    private async Task<string> BuildAsync(string destination)
    {
        string app = _directory.CreateDirectory("app");
        _directory.WriteFile("app/bin/run", "#!/bin/sh\necho run\n");
        _directory.WriteFile("app/share/data", new string('x', 100_000));
        File.CreateSymbolicLink(Path.Combine(app, "current"), "bin/run");

        await Ocimg.RunOkAsync(
            "build", destination, "--from", "scratch", "--add", $"{app}:/opt/app", "--entrypoint", "/opt/app/bin/run",
            "--env", "A=b", "--label", "k=v", "--platform", "linux/amd64", "--created", "2024-01-02T03:04:05Z");

        return await Ocimg.RunOkAsync("digest", destination);
    }
}
