using OciImage.Layout;
using OciImage.TestKit;

namespace OciImage.Cli.Tests.Commands;

/// <summary>Archives as places of every command.</summary>
public sealed class ArchivePlaceTests : IAsyncLifetime
{
    private const string Name = "docker.io/library/app:v1";
    private const string Signature = "application/vnd.test.signature";

    private readonly TemporaryDirectory _directory = new();
    private string _image = "";
    private string _signature = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Archive => _directory.Combine("a.tar");

    public async ValueTask InitializeAsync()
    {
        _directory.WriteFile("app/hello", string.Concat(Enumerable.Repeat("hello\n", 100)));
        _image = await Ocimg.RunOkAsync(
            "build", At("image:v1"), "--from", "scratch", "--platform", "linux/amd64", "--add", $"{_directory.Combine("app")}:/app");
        OciLayout layout = await OciLayout.OpenAsync(
            _directory.Combine("image"), new OciLayoutOptions { Durability = Durability.None }, Token);
        Descriptor image = await layout.ResolveAsync("v1", Token);
        Descriptor config = await TestImage.PushAsync(layout, MediaTypes.Empty, "{}");
        Descriptor signature = await TestContent.PushManifestAsync(
            layout, config, [config], manifest => manifest with { ArtifactType = Signature, Subject = image });
        _signature = signature.Digest.ToString();
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("oci-archive", "hybrid", "none")]
    [InlineData("oci-archive", "oci", "gzip")]
    [InlineData("docker-archive", "hybrid", "zstd")]
    [InlineData("docker-archive", "docker", "none")]
    public async Task Commands_ReadImagesInAnArchive(string kind, string format, string compression)
    {
        await Ocimg.RunOkAsync(
            "export", At("image:v1"), "--name", Name, "-o", Archive, "--format", format, "--compress", compression);
        string place = $"{kind}:{Archive}";
        string root = _directory.Combine("root");

        string digest = await Ocimg.RunOkAsync("digest", place);
        string manifest = await Ocimg.RunOkAsync("manifest", "get", $"{place}:app:v1");
        string config = await Ocimg.RunOkAsync("inspect", "--config", $"{place}:{Name}");
        string configDigest = Digest.Compute(TestContent.Bytes(config)).ToString();
        await Ocimg.RunOkAsync("unpack", $"{place}:v1", root, "--platform", "linux/amd64");

        Assert.Equal(format == "docker", digest != _image);
        Assert.Equal(digest, Digest.Compute(TestContent.Bytes(manifest)).ToString());
        Assert.Equal(digest, await Ocimg.RunOkAsync("check", $"{place}@{digest}"));
        Assert.Equal(Name, await Ocimg.RunOkAsync("tags", place));
        Assert.Equal(await Ocimg.RunOkAsync("inspect", "--config", At("image:v1")), config);
        Assert.Equal(config, await Ocimg.RunOkAsync("blob", "get", $"{place}@{configDigest}"));
        Assert.Contains(configDigest, manifest, StringComparison.Ordinal);
        Assert.Contains("linux/amd64", await Ocimg.RunOkAsync("inspect", place), StringComparison.Ordinal);
        Assert.Equal(
            await File.ReadAllTextAsync(_directory.Combine("app", "hello"), Token),
            await File.ReadAllTextAsync(Path.Combine(root, "app", "hello"), Token));
    }

    [Fact]
    public async Task Copy_TakesReferrersIntoAnArchiveAndOut()
    {
        string line = $"{_signature}  {Signature}";

        await Ocimg.RunOkAsync("copy", At("image:v1"), $"oci-archive:{Archive}:{Name}", "--referrers");
        await Ocimg.RunOkAsync("copy", $"oci-archive:{Archive}:v1", At("back"), "--referrers");
        await Ocimg.RunOkAsync("export", At("image:v1"), "--name", Name, "-o", _directory.Combine("b.tar"), "--referrers");
        await Ocimg.RunOkAsync("import", _directory.Combine("b.tar"), _directory.Combine("imported"));

        Assert.Equal(_image, await Ocimg.RunOkAsync("digest", $"oci-archive:{Archive}")); // the signature makes it not unclear
        Assert.Equal(line, await Ocimg.RunOkAsync("referrers", $"oci-archive:{Archive}:v1"));
        Assert.Equal(line, await Ocimg.RunOkAsync("referrers", $"docker-archive:{Archive}@{_image}"));
        Assert.Equal(line, await Ocimg.RunOkAsync("referrers", At("back:v1")));
        Assert.Equal(line, await Ocimg.RunOkAsync("referrers", At("imported:v1")));
    }

    [Theory]
    [InlineData("--compress", "none")]
    [InlineData("--format", "docker", "--compress", "gzip")]
    [InlineData("--format", "oci", "--compress", "zstd")]
    [InlineData("--compress", "zstd", "--platform", "linux/amd64")]
    public async Task Copy_ConvertsIntoAnArchive(params string[] options)
    {
        string converted = await Ocimg.RunOkAsync(["copy", At("image:v1"), $"docker-archive:{Archive}:{Name}", .. options]);
        string again = await Ocimg.RunOkAsync(["copy", At("image:v1"), $"docker-archive:{_directory.Combine("b.tar")}:{Name}", .. options]);
        string layout = await Ocimg.RunOkAsync(["copy", At("image:v1"), At("converted:v1"), .. options]);

        Assert.Equal(layout, converted);
        Assert.Equal(converted, again);
        Assert.Equal(converted, await Ocimg.RunOkAsync("check", $"docker-archive:{Archive}:v1"));
        Assert.Equal(await File.ReadAllBytesAsync(Archive, Token), await File.ReadAllBytesAsync(_directory.Combine("b.tar"), Token));
        Assert.Equal(2, Directory.GetFiles(_directory.Path).Length);
    }

    [Fact]
    public async Task Copy_OutOfAnArchiveConverts()
    {
        await Ocimg.RunOkAsync("export", At("image:v1"), "--name", Name, "-o", Archive, "--format", "docker");

        string converted = await Ocimg.RunOkAsync(
            "copy", $"docker-archive:{Archive}", At("oci"), "--format", "oci", "--compress", "gzip");

        Assert.Equal(converted, await Ocimg.RunOkAsync("check", At("oci:v1")));
        Assert.Contains(MediaTypes.ImageManifest, await Ocimg.RunOkAsync("manifest", "get", At("oci:v1")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Copy_ThatFailsLeavesTheArchiveThatWasThere()
    {
        await Ocimg.RunOkAsync("copy", At("image:v1"), $"oci-archive:{Archive}");
        byte[] before = await File.ReadAllBytesAsync(Archive, Token);
        string manifest = await Ocimg.RunOkAsync("manifest", "get", At("image:v1"));
        string layer = OciDocument<ImageManifest>.Parse(TestContent.Bytes(manifest)).Value.Layers[0].Digest.Encoded;
        string path = _directory.Combine("image", "blobs", "sha256", layer);
        byte[] damaged = await File.ReadAllBytesAsync(path, Token);
        damaged[^1] ^= 1;
        File.Delete(path);
        await File.WriteAllBytesAsync(path, damaged, Token);

        await Ocimg.RunRefusedAsync(ExitCode.NotVerified, "copy", At("image:v1"), $"oci-archive:{Archive}");
        await Ocimg.RunRefusedAsync(ExitCode.NotVerified, "copy", At("image:v1"), $"oci-archive:{_directory.Combine("new.tar")}");

        Assert.Equal(before, await File.ReadAllBytesAsync(Archive, Token));
        Assert.Equal([Archive], Directory.GetFiles(_directory.Path));
    }

    [Theory]
    [InlineData("blob", "put", "PLACE", "FILE")]
    [InlineData("manifest", "put", "PLACE:v2", "FILE")]
    [InlineData("tag", "PLACE:v1", "v2")]
    [InlineData("untag", "PLACE:v1")]
    [InlineData("delete", "PLACE:v1")]
    [InlineData("delete", "PLACE@DIGEST")]
    [InlineData("copy", "oci:LAYOUT:v1", "PLACE:@0")]
    [InlineData("copy", "PLACE:@x", "oci:LAYOUT:x")]
    [InlineData("copy", "oci:LAYOUT:v1", "oci-archive:-")]
    [InlineData("push", "PLACE", "oci:LAYOUT:x")]
    [InlineData("push", "ARCHIVE", "oci:LAYOUT:x")]
    [InlineData("pull", "oci:LAYOUT:v1", "PLACE")]
    [InlineData("pull", "oci:LAYOUT:v1", "ARCHIVE")]
    [InlineData("gc", "ARCHIVE")]
    [InlineData("ls", "PLACE")]
    [InlineData("inspect", "oci:ARCHIVE")]
    public async Task Commands_RefuseAnArchiveAndSayWhatToUse(params string[] arguments)
    {
        await Ocimg.RunOkAsync("export", At("image:v1"), "--name", Name, "-o", Archive);
        byte[] before = await File.ReadAllBytesAsync(Archive, Token);
        string file = _directory.Combine("app", "hello");
        if (arguments[0] == "manifest")
        {
            file = _directory.WriteFile("in/manifest", await Ocimg.RunOkAsync("manifest", "get", At("image:v1")));
        }

        string error = await Ocimg.RunRefusedAsync(ExitCode.Usage, [.. arguments.Select(argument => argument
            .Replace("PLACE", $"oci-archive:{Archive}", StringComparison.Ordinal)
            .Replace("ARCHIVE", Archive, StringComparison.Ordinal)
            .Replace("LAYOUT", _directory.Combine("image"), StringComparison.Ordinal)
            .Replace("FILE", file, StringComparison.Ordinal)
            .Replace("DIGEST", _image, StringComparison.Ordinal))]);

        Assert.Contains("archive", error, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(Archive, Token));
    }

    [Fact]
    public async Task Commands_FindAnImageByItsPlaceInTheArchive()
    {
        string second = await Ocimg.RunOkAsync("build", At("other:v2"), "--from", At("image:v1"), "--platform", "linux/amd64", "--label", "a=b");
        await Ocimg.RunOkAsync("export", At("image:v1"), At("other:v2"), "-o", Archive);
        string docker = _directory.Combine("docker.tar");
        await Ocimg.RunOkAsync("export", $"oci-archive:{Archive}:@1", "--name", Name, "-o", docker, "--format", "docker");

        Assert.Equal(_image, await Ocimg.RunOkAsync("digest", $"oci-archive:{Archive}:@0"));
        Assert.Equal(second, await Ocimg.RunOkAsync("digest", $"docker-archive:{Archive}:@1"));
        Assert.Equal(second, await Ocimg.RunOkAsync("copy", $"oci-archive:{Archive}:@1", At("back")));
        Assert.Equal("v2", await Ocimg.RunOkAsync("tags", At("back")));
        Assert.Equal(Name, await Ocimg.RunOkAsync("tags", $"docker-archive:{docker}"));
        await Ocimg.RunOkAsync("check", $"docker-archive:{docker}:@0");
        await Ocimg.RunRefusedAsync(ExitCode.NotFound, "digest", $"oci-archive:{Archive}:@2");
        await Ocimg.RunRefusedAsync(ExitCode.Usage, "digest", $"oci-archive:{Archive}"); // which of the two
    }

    [Fact]
    public async Task Commands_NameThePlaceThatFits()
    {
        await Ocimg.RunOkAsync("export", At("image:v1"), "--name", Name, "-o", Archive, "--format", "docker");
        await Ocimg.RunOkAsync("export", At("image:v1"), "-o", _directory.Combine("oci.tar"), "--format", "oci");

        string docker = await Ocimg.RunRefusedAsync(ExitCode.Usage, "digest", $"oci-archive:{Archive}");
        string oci = await Ocimg.RunRefusedAsync(ExitCode.Usage, "digest", $"docker-archive:{_directory.Combine("oci.tar")}");

        Assert.Contains($"'docker-archive:{Archive}'", docker, StringComparison.Ordinal);
        Assert.Contains($"'oci-archive:{_directory.Combine("oci.tar")}'", oci, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("gzip")]
    public async Task Commands_ReadAnArchiveFromTheStandardInput(string compression)
    {
        await Ocimg.RunOkAsync("export", At("image:v1"), "--name", Name, "-o", Archive, "--compress", compression);
        var terminal = new TestTerminal { InputBytes = await File.ReadAllBytesAsync(Archive, Token) };

        int exitCode = await Ocimg.RunAsync(terminal, "copy", "docker-archive:-:app:v1", At("back"));

        Assert.True(exitCode == ExitCode.Done, terminal.ErrorOutput);
        Assert.Equal(_image, await Ocimg.RunOkAsync("check", At("back:v1")));
    }

    [Fact]
    public async Task Build_WritesAnArchive_AndFromOne()
    {
        string built = await Ocimg.RunOkAsync(
            "build", $"docker-archive:{Archive}:{Name}", "--from", "scratch", "--platform", "linux/amd64", "--add",
            $"{_directory.Combine("app")}:/app");
        string next = await Ocimg.RunOkAsync(
            "build", At("next:v2"), "--from", $"docker-archive:{Archive}", "--platform", "linux/amd64", "--label", "a=b");

        Assert.Equal(_image, built);
        Assert.Equal(built, await Ocimg.RunOkAsync("check", $"oci-archive:{Archive}:v1"));
        Assert.Equal(next, await Ocimg.RunOkAsync("check", At("next:v2")));
    }

    private string At(string image) => $"oci:{_directory.Combine(image)}";
}
