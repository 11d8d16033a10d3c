using System.Text.Json;
using OciImage.Layout;
using OciImage.TestKit;

namespace OciImage.Cli.Tests.Commands;

/// <summary><c>export</c> and <c>import</c>.</summary>
public sealed class ArchiveCommandTests : IAsyncLifetime
{
    private const string One = "docker.io/library/one:v1";
    private const string Two = "localhost:5000/team/two:v1";

    private readonly TemporaryDirectory _directory = new();
    private string _v1 = "";
    private string _v2 = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Archive => _directory.Combine("a.tar");

    private string Back => _directory.Combine("back");

    public async ValueTask InitializeAsync()
    {
        _directory.WriteFile("app/hello", "hello");
        _v1 = await Ocimg.RunOkAsync(
            "build", At("image:v1"), "--from", "scratch", "--platform", "linux/amd64", "--add", $"{_directory.Combine("app")}:/app");
        _v2 = await Ocimg.RunOkAsync("build", At("image:v2"), "--from", At("image:v1"), "--platform", "linux/amd64", "--label", "a=b");
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Export_WritesSeveralImagesByTheirNames()
    {
        string printed = await Ocimg.RunOkAsync(
            "export", At("image:v1"), At("image:v2"), "--name", One, "--name", Two, "-o", Archive);

        await using ImageArchive archive = await ImageArchive.OpenAsync(Archive, cancellationToken: Token);
        Assert.Equal($"{_v1}\n{_v2}", printed);
        Assert.Equal(ImageArchiveFormat.Hybrid, archive.Format);
        Assert.Equal([One, Two], await archive.ListReferencesAsync(Token).ToArrayAsync(Token));
        Assert.Equal(_v2, (await archive.ResolveAsync(Two, Token)).Digest.ToString());
        Assert.Equal([Archive], Directory.GetFiles(_directory.Path));
    }

    [Fact]
    public async Task Export_ToTheStandardOutputWritesTheArchiveAlone()
    {
        var terminal = new TestTerminal();
        await Ocimg.RunOkAsync("export", At("image:v1"), "--name", One, "-o", Archive);

        int exitCode = await Ocimg.RunAsync(terminal, "export", At("image:v1"), "--name", One, "-o", "-", "--json");

        Assert.Equal(ExitCode.Done, exitCode);
        Assert.Equal(await File.ReadAllBytesAsync(Archive, Token), terminal.OutputBytes);
        Assert.Contains($"Exported '{One}'", terminal.ErrorOutput, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ImageArchiveFormat.Hybrid, "none")]
    [InlineData(ImageArchiveFormat.Oci, "gzip")]
    [InlineData(ImageArchiveFormat.Docker, "zstd")]
    public async Task Export_WritesTheFormatAndCompressionThatIsWanted(ImageArchiveFormat format, string compression)
    {
        await Ocimg.RunOkAsync(
            "export", At("image:v1"), "--name", One, "-o", Archive, "--format", $"{format}", "--compress", compression);

        await using ImageArchive archive = await ImageArchive.OpenAsync(Archive, cancellationToken: Token);
        Assert.Equal(format, archive.Format);
        Assert.Equal(compression != "none", archive.IsSpooled);
        Assert.Equal([One], await archive.ListReferencesAsync(Token).ToArrayAsync(Token));
        string kind = format == ImageArchiveFormat.Docker ? "docker" : "oci";
        await Ocimg.RunOkAsync("check", $"{kind}-archive:{Archive}");
    }

    [Fact]
    public async Task Export_OfALayoutTakesWhatTheNamespaceHas()
    {
        await Ocimg.RunOkAsync("copy", "-n", "k8s.io", $"{At("image")}@{_v1}", At($"image:{Two}"));

        string own = await Ocimg.RunOkAsync("export", At("image"), "-o", Archive);
        string theirs = await Ocimg.RunOkAsync("-n", "k8s.io", "export", At("image"), "-o", _directory.Combine("b.tar"));

        Assert.Equal($"{_v1}\n{_v2}", own);
        Assert.Equal("v1\nv2", await Ocimg.RunOkAsync("tags", $"oci-archive:{Archive}"));
        Assert.Equal(_v1, theirs);
        Assert.Equal(Two, await Ocimg.RunOkAsync("tags", $"docker-archive:{_directory.Combine("b.tar")}"));
    }

    [Fact]
    public async Task Export_OfAnArchiveTakesAllOfItAgain()
    {
        await Ocimg.RunOkAsync("export", At("image:v1"), At("image:v2"), "--name", One, "--name", Two, "-o", Archive);

        string printed = await Ocimg.RunOkAsync("export", $"oci-archive:{Archive}", "-o", _directory.Combine("again.tar"));

        Assert.Equal($"{_v1}\n{_v2}", printed);
        Assert.Equal(
            await File.ReadAllBytesAsync(Archive, Token), await File.ReadAllBytesAsync(_directory.Combine("again.tar"), Token));
    }

    [Fact]
    public async Task Export_ThatFailsLeavesTheFileThatWasThere()
    {
        _directory.WriteFile("a.tar", "before");

        await Ocimg.RunRefusedAsync(ExitCode.NotFound, "export", At("image:v1"), At("image:v9"), "-o", Archive);

        Assert.Equal("before", await File.ReadAllTextAsync(Archive, Token));
        Assert.Equal([Archive], Directory.GetFiles(_directory.Path));
    }

    [Theory]
    [InlineData("--name", "a:1", "--name", "b:1")]
    [InlineData("--format", "tar")]
    [InlineData("--format", "0")]
    [InlineData("--compress", "xz")]
    [InlineData("--compress", "1")]
    [InlineData("--name", "a\tb")]
    public async Task Export_RefusesOptionsThatMakeNoSense(params string[] options)
    {
        await Ocimg.RunRefusedAsync(ExitCode.Usage, ["export", At("image:v1"), "-o", Archive, .. options]);

        Assert.Empty(Directory.GetFiles(_directory.Path));
    }

    [Fact]
    public async Task Export_WantsAFileAndNoPlace()
    {
        string error = await Ocimg.RunRefusedAsync(ExitCode.Usage, "export", At("image:v1"), "-o", $"oci-archive:{Archive}");

        Assert.Contains("--format", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_CallsImagesByTheirTags()
    {
        await Ocimg.RunOkAsync("export", At("image:v1"), At("image:v2"), "--name", One, "--name", "docker.io/library/one:v2", "-o", Archive);

        string printed = await Ocimg.RunOkAsync("import", Archive, Back);

        Assert.Equal($"{_v1}\n{_v2}", printed);
        Assert.Equal("v1\nv2", await Ocimg.RunOkAsync("tags", At("back")));
        Assert.Equal(_v2, await Ocimg.RunOkAsync("check", At("back:v2")));
    }

    [Fact]
    public async Task Import_CallsImagesByWholeNamesWhereTwoHaveOneTag()
    {
        await Ocimg.RunOkAsync("export", At("image:v1"), At("image:v2"), "--name", One, "--name", Two, "-o", Archive);

        await Ocimg.RunOkAsync("import", Archive, Back);

        Assert.Equal($"{One}\n{Two}", await Ocimg.RunOkAsync("tags", At("back")));
    }

    [Fact]
    public async Task Import_IntoANamespaceKeepsWholeNames()
    {
        await Ocimg.RunOkAsync("export", At("image:v1"), "--name", One, "-o", Archive);
        await Ocimg.RunOkAsync("export", At("image:v2"), "-o", _directory.Combine("b.tar"));

        await Ocimg.RunOkAsync("import", "-n", "k8s.io", $"oci-archive:{Archive}", Back);
        await Ocimg.RunOkAsync(
            "import", "-n", "k8s.io", _directory.Combine("b.tar"), Back, "--base-name", "localhost:5000/team/two");

        Assert.Equal($"{One}\nlocalhost:5000/team/two:v2", await Ocimg.RunOkAsync("-n", "k8s.io", "tags", At("back")));
        Assert.Equal("", await Ocimg.RunOkAsync("tags", At("back")));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("gzip")]
    public async Task Import_ReadsTheStandardInput(string compression)
    {
        await Ocimg.RunOkAsync("export", At("image"), "-o", Archive, "--compress", compression);
        var terminal = new TestTerminal { InputBytes = await File.ReadAllBytesAsync(Archive, Token) };

        int exitCode = await Ocimg.RunAsync(terminal, "import", "-", Back);

        Assert.True(exitCode == ExitCode.Done, terminal.ErrorOutput);
        Assert.Equal($"{_v1}\n{_v2}\n", terminal.Output);
        Assert.Equal(_v2, await Ocimg.RunOkAsync("check", At("back:v2")));
    }

    [Fact]
    public async Task Import_WritesJson()
    {
        await Ocimg.RunOkAsync("export", At("image:v1"), "--name", One, "-o", Archive);

        JsonElement json = JsonDocument.Parse(await Ocimg.RunOkAsync("import", Archive, Back, "--json")).RootElement;

        Assert.Equal(_v1, json.GetProperty("digest").GetString());
        Assert.Equal(At("back:v1"), json.GetProperty("location").GetString());
    }

    [Fact]
    public async Task ExportAndImport_CarryASparseIndex()
    {
        string manifest = await Ocimg.RunOkAsync("manifest", "get", At("image:v1"));
        string absent = TestContent.Describe("of another platform").Digest.ToString();
        string index = $$"""
            {"schemaVersion":2,"mediaType":"{{MediaTypes.ImageIndex}}","manifests":[
            {"mediaType":"{{MediaTypes.ImageManifest}}","digest":"{{_v1}}","size":{{manifest.Length}},"platform":{"os":"linux","architecture":"amd64"} },
            {"mediaType":"{{MediaTypes.ImageManifest}}","digest":"{{absent}}","size":19,"platform":{"os":"linux","architecture":"s390x"} }]}
            """;
        string digest = await Ocimg.RunOkAsync("manifest", "put", At("image:multi"), _directory.WriteFile("in/index.json", index));
        var exporting = new TestTerminal();
        var importing = new TestTerminal();

        await Ocimg.RunAsync(exporting, "export", At("image:multi"), "--name", One, "-o", Archive);
        await Ocimg.RunAsync(importing, "import", Archive, Back);

        Assert.Equal($"{digest}\n", exporting.Output);
        Assert.Equal($"{digest}\n", importing.Output);
        Assert.Contains("Left out 1 ", exporting.ErrorOutput, StringComparison.Ordinal);
        Assert.Contains("Left out 1 ", importing.ErrorOutput, StringComparison.Ordinal);
        Assert.Equal(_v1, await Ocimg.RunOkAsync("check", $"{At("back")}@{_v1}"));
        await Ocimg.RunOkAsync("unpack", At("back:v1"), _directory.Combine("root"), "--platform", "linux/amd64");
    }

    [Fact]
    public async Task Import_RefusesWhatIsNoArchive()
    {
        string text = _directory.WriteFile("text", "no archive");
        string other = _directory.WriteFile("other.tar", "");
        await Ocimg.RunOkAsync("export", At("image:v1"), "-o", Archive);

        await Ocimg.RunRefusedAsync(ExitCode.NotVerified, "import", text, Back);
        await Ocimg.RunRefusedAsync(ExitCode.NotVerified, "import", other, Back);
        await Ocimg.RunRefusedAsync(ExitCode.NotFound, "import", _directory.Combine("absent"), Back);
        await Ocimg.RunRefusedAsync(ExitCode.Usage, "import", Archive, $"{Back}:v1");
        await Ocimg.RunRefusedAsync(ExitCode.Usage, "import", $"oci-archive:{Archive}:v1", Back);
        await Ocimg.RunRefusedAsync(ExitCode.Usage, "import", Archive, Back, "--base-name", "Not a name");

        Assert.False(File.Exists(Path.Combine(Back, "oci-layout")));
    }

    private string At(string image) => $"oci:{_directory.Combine(image)}";
}
