using System.Text;
using System.Text.Json;
using OciImage.Layers;
using OciImage.Tar;
using OciImage.TestKit;

namespace OciImage.Cli.Tests.Commands;

public sealed class FileCommandTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private string _image = "";

    public async ValueTask InitializeAsync()
    {
        _directory.WriteFile("app/hello", "hello");
        _directory.WriteFile("app/sub/more", "more");
        _image = $"oci:{_directory.Combine("layout")}:v1";
        await Ocimg.RunOkAsync(
            "build", _image, "--from", "scratch", "--add", $"{_directory.Combine("app")}:/app", "--platform", "linux/amd64");
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task ListFiles_ListsAllOrADirectory()
    {
        Assert.Equal("/app\n/app/hello\n/app/sub\n/app/sub/more", await Ocimg.RunOkAsync("ls-files", _image));
        Assert.Equal("/app/hello\n/app/sub", await Ocimg.RunOkAsync("ls-files", _image, "app", "-d"));
        Assert.Matches("^-rw.* 0:0 +5 .*Z /app/hello$", await Ocimg.RunOkAsync("ls-files", _image, "/app/hello", "-l"));
    }

    [Fact]
    public async Task ListFiles_WritesBytesAndJson()
    {
        var terminal = new TestTerminal();
        Assert.Equal(ExitCode.Done, await Ocimg.RunAsync(terminal, "ls-files", _image, "app/sub", "-z"));
        Assert.Equal("/app/sub/more\0", terminal.Output);

        using JsonDocument json = JsonDocument.Parse(await Ocimg.RunOkAsync("ls-files", _image, "app/hello", "--json"));
        JsonElement file = Assert.Single(json.RootElement.GetProperty("files").EnumerateArray());
        Assert.Equal("/app/hello", file.GetProperty("path").GetString());
        Assert.Equal(Digest.Compute("hello"u8).ToString(), file.GetProperty("contentDigest").GetString());
    }

    [Fact]
    public async Task Cat_WritesTheContent()
    {
        Assert.Equal("hello", await Ocimg.RunOkAsync("cat", _image, "app/hello"));

        await Ocimg.RunOkAsync("cat", _image, "app/hello", "-o", _directory.Combine("copy"));

        Assert.Equal(
            "hello", await File.ReadAllTextAsync(_directory.Combine("copy"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Cat_RefusesWhatIsNoFile()
    {
        Assert.Contains("/app", await Ocimg.RunRefusedAsync(ExitCode.Usage, "cat", _image, "app"), StringComparison.Ordinal);
        Assert.Contains("missing", await Ocimg.RunRefusedAsync(ExitCode.NotFound, "cat", _image, "missing"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Flatten_WritesAnArchiveAndItsDiffId()
    {
        string file = _directory.Combine("flat.tar");

        string diffId = await Ocimg.RunOkAsync("flatten", _image, "-o", file);

        byte[] bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal(Digest.Compute(bytes).ToString(), diffId);
        using var reader = new TarReader(new MemoryStream(bytes));
        var names = new List<string>();
        while (await reader.ReadNextAsync(TestContext.Current.CancellationToken) is { } entry)
        {
            names.Add(Encoding.UTF8.GetString(entry.Name.Span));
        }

        Assert.Equal(["./", "app/", "app/sub/", "app/hello", "app/sub/more"], names);
        var terminal = new TestTerminal();
        Assert.Equal(ExitCode.Done, await Ocimg.RunAsync(terminal, "flatten", _image, "-o", "-"));
        Assert.Equal(bytes, terminal.OutputBytes);
    }

    [Fact]
    public async Task Unpack_WritesTheDirectoriesOfAnOverlay()
    {
        Assert.SkipUnless(LayerUnpacker.IsSupported, "Overlays are Linux's.");
        string target = _directory.Combine("overlay");

        using JsonDocument json = JsonDocument.Parse(await Ocimg.RunOkAsync("unpack", "--overlay", _image, target, "--json"));

        Assert.True(File.Exists(Path.Combine(target, "0", "app", "hello")));
        Assert.Equal(Path.Combine(target, "0"), json.RootElement.GetProperty("lowerDirectories")[0].GetString());
        Assert.StartsWith("lowerdir=", json.RootElement.GetProperty("mountOptions").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--overlay", "--bundle")]
    [InlineData("--gid-map", "0:1:1")]
    [InlineData("--uid-map", "junk")]
    [InlineData("--uid-map", "0:1:1", "--owners", "keep")]
    [InlineData("--owners", "mine")]
    [InlineData("--devices", "all")]
    [InlineData("--max-bytes", "0")]
    public async Task Unpack_RefusesOptionsThatMakeNoSense(params string[] options)
    {
        await Ocimg.RunRefusedAsync(ExitCode.Usage, ["unpack", _image, _directory.Combine("target"), .. options]);

        Assert.False(Directory.Exists(_directory.Combine("target")));
    }

    [Fact]
    public async Task Unpack_KeepsItsLimits()
    {
        Assert.SkipUnless(LayerUnpacker.IsSupported, "Trees are unpacked on Linux.");

        string error = await Ocimg.RunRefusedAsync(
            ExitCode.NotVerified, "unpack", _image, _directory.Combine("target"), "--max-entries", "2");

        Assert.Contains("more than 2 entries", error, StringComparison.Ordinal);
    }
}
