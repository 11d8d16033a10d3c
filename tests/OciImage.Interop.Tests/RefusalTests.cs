using System.Text;
using System.Text.Json.Nodes;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests;

/// <summary>An image that lies is refused with exit code 3, and nothing is left under the target's name.</summary>
public sealed class RefusalTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("bytes")]
    [InlineData("size")]
    [InlineData("diffid")]
    [InlineData("count")]
    public async Task Unpack_RefusesALayerThatLies(string lie)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Unpacking a tree needs Linux.");
        string layout = await BuildAsync();
        Tell(layout, lie);
        string target = _directory.Combine("rootfs");

        PeerResult unpacked = await Ocimg.RunAsync(
            "unpack", $"oci:{layout}:v1", target, "--platform", "linux/amd64");
        PeerResult checkedImage = await Ocimg.RunAsync("check", $"oci:{layout}:v1");

        Assert.Equal((3, 3), (unpacked.ExitCode, checkedImage.ExitCode));
        Assert.NotEmpty(unpacked.Error);
        Assert.False(Path.Exists(target));
        Assert.DoesNotContain(
            Directory.GetFileSystemEntries(_directory.Path), entry => Path.GetFileName(entry).Contains("rootfs", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pull_RefusesABlobThatARegistryServesDamaged()
    {
        await using DockerRegistry registry = await DockerRegistry.StartAsync(_directory.CreateDirectory("registry"));
        string layout = await BuildAsync();
        string source = $"{registry.Host}/damaged/app:v1";
        await Ocimg.RunOkAsync("copy", $"oci:{layout}:v1", source);
        string largest = Directory
            .EnumerateFiles(_directory.Combine("registry", "storage"), "data", SearchOption.AllDirectories)
            .MaxBy(file => new FileInfo(file).Length)!;
        Damage(largest);

        PeerResult result = await Ocimg.RunAsync("pull", source, _directory.Combine("pulled"));

        Assert.Equal(3, result.ExitCode);
        PeerResult digest = await Ocimg.RunAsync("digest", $"oci:{_directory.Combine("pulled")}:v1");
        Assert.Equal(4, digest.ExitCode);
    }

    private async Task<string> BuildAsync()
    {
        string layout = _directory.Combine("layout");
        _directory.WriteFile("app/data", new string('x', 200_000));
        await Ocimg.RunOkAsync(
            "build", $"oci:{layout}:v1", "--from", "scratch", "--add", $"{_directory.Combine("app")}:/app",
            "--platform", "linux/amd64");

        return layout;
    }

    // Rewrites the documents above the lie, so that every digest but the one in question is true.
    private static void Tell(string layout, string lie)
    {
        JsonNode index = JsonNode.Parse(File.ReadAllText(Path.Combine(layout, "index.json")))!;
        JsonNode entry = index["manifests"]![0]!;
        JsonNode manifest = Read(layout, entry);
        JsonNode layer = manifest["layers"]![0]!;
        switch (lie)
        {
            case "bytes":
                Damage(BlobPath(layout, (string)layer["digest"]!));
                return;
            case "size":
                layer["size"] = (long)layer["size"]! - 1;
                break;
            case "diffid":
                JsonNode config = Read(layout, manifest["config"]!);
                config["rootfs"]!["diff_ids"]![0] = Digest.Compute("another"u8).ToString();
                Write(layout, manifest["config"]!, config);
                break;
            case "count":
                JsonNode longer = Read(layout, manifest["config"]!);
                longer["rootfs"]!["diff_ids"]!.AsArray().Add(Digest.Compute("one more"u8).ToString());
                Write(layout, manifest["config"]!, longer);
                break;
        }

        Write(layout, entry, manifest);
        File.WriteAllText(Path.Combine(layout, "index.json"), index.ToJsonString());
    }

    private static JsonNode Read(string layout, JsonNode descriptor) =>
        JsonNode.Parse(File.ReadAllText(BlobPath(layout, (string)descriptor["digest"]!)))!;

    private static void Write(string layout, JsonNode descriptor, JsonNode content)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(content.ToJsonString());
        string digest = Digest.Compute(bytes).ToString();
        descriptor["digest"] = digest;
        descriptor["size"] = bytes.Length;
        File.WriteAllBytes(BlobPath(layout, digest), bytes);
    }

    private static string BlobPath(string layout, string digest) =>
        Path.Combine(layout, "blobs", digest.Replace(':', '/'));

    private static void Damage(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(file, bytes);
    }
}
