using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests;

/// <summary>An index with two platforms goes there and back byte for byte.</summary>
public sealed class IndexTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Copy_KeepsAnIndexByteForByteThroughOurHandsAndSkopeos()
    {
        Peer skopeo = Peer.Require("skopeo");
        string policy = _directory.WriteFile("policy.json", """{"default":[{"type":"insecureAcceptAnything"}]}""");
        await using DockerRegistry registry = await DockerRegistry.StartAsync(_directory.CreateDirectory("registry"));
        string first = $"{registry.Host}/index/first:v1";
        byte[] index = await PushIndexAsync(registry.Host, "index/first");

        await Ocimg.RunOkAsync("copy", first, $"oci:{_directory.Combine("ours")}:v1");
        await skopeo.RunOkAsync(
            "--policy", policy, "copy", "-q", "--all", "--preserve-digests", "--dest-tls-verify=false",
            $"oci:{_directory.Combine("ours")}:v1", $"docker://{registry.Host}/index/second:v1");
        await Ocimg.RunOkAsync("copy", $"{registry.Host}/index/second:v1", $"{registry.Host}/index/third:v1");

        PeerResult raw = await Ocimg.RunAsync("inspect", "--raw", $"{registry.Host}/index/third:v1");
        Assert.Equal(System.Text.Encoding.UTF8.GetString(index), raw.Output);
        await Ocimg.RunOkAsync("check", $"{registry.Host}/index/third:v1");
    }

    [Fact]
    public async Task Copy_OfOnePlatformGivesThatManifest()
    {
        await using DockerRegistry registry = await DockerRegistry.StartAsync(_directory.CreateDirectory("registry"));
        await PushIndexAsync(registry.Host, "index/first");

        await Ocimg.RunOkAsync(
            "copy", $"{registry.Host}/index/first:v1", $"{registry.Host}/index/arm:v1", "--platform", "linux/arm64");

        Assert.Equal(
            await Ocimg.RunOkAsync("digest", $"{registry.Host}/index/first:linux-arm64"),
            await Ocimg.RunOkAsync("digest", $"{registry.Host}/index/arm:v1"));
    }

    /// <summary>Pushes two platforms' images and an index of them with a field that no specification knows.</summary>
    private async Task<byte[]> PushIndexAsync(string host, string repository)
    {
        string app = _directory.CreateDirectory("app");
        var entries = new List<string>();
        foreach (string architecture in new[] { "amd64", "arm64" })
        {
            await File.WriteAllTextAsync(Path.Combine(app, "arch"), architecture, TestContext.Current.CancellationToken);
            string target = $"{host}/{repository}:linux-{architecture}";
            await Ocimg.RunOkAsync(
                "build", target, "--from", "scratch", "--add", $"{app}:/app", "--platform", $"linux/{architecture}");
            string manifest = (await Ocimg.RunAsync("manifest", "get", target)).Output;
            entries.Add(
                $$$"""
                {"mediaType":"{{{MediaTypes.ImageManifest}}}", "digest":"{{{Digest.Compute(System.Text.Encoding.UTF8.GetBytes(manifest))}}}",
                  "size":{{{manifest.Length}}}, "platform":{"architecture":"{{{architecture}}}","os":"linux"}}
                """);
        }

        // White space and an unknown field: what a re-serialising client would lose.
        string index =
            $$"""
            {"schemaVersion":2, "mediaType":"{{MediaTypes.ImageIndex}}",
              "x-unknown": {"kept": [1, 2.50]},
              "manifests":[{{string.Join(",", entries)}}]}
            """;
        string file = _directory.WriteFile("index.json", index);
        await Ocimg.RunOkAsync("manifest", "put", $"{host}/{repository}:v1", file);

        return await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
    }
}
