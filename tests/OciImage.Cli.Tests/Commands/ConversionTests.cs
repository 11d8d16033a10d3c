using System.Text.Json;
using OciImage.TestKit;

namespace OciImage.Cli.Tests.Commands;

/// <summary>Copies that convert.</summary>
public sealed class ConversionTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private string _image = "";

    public async ValueTask InitializeAsync()
    {
        _directory.WriteFile("app/hello", string.Concat(Enumerable.Repeat("hello\n", 1000)));
        _image = await Ocimg.RunOkAsync(
            "build", At("image:v1"), "--from", "scratch", "--platform", "linux/amd64", "--add", $"{_directory.Combine("app")}:/app");
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Copy_PrintsTheNewDigest()
    {
        string converted = await Ocimg.RunOkAsync("copy", At("image:v1"), At("zstd"), "--compress", "zstd");

        Assert.NotEqual(_image, converted);
        Assert.Equal(converted, await Ocimg.RunOkAsync("digest", At("zstd:v1")));
        Assert.Equal(converted, await Ocimg.RunOkAsync("check", At("zstd:v1")));
        Assert.Equal(_image, await Ocimg.RunOkAsync("copy", At("zstd:v1"), At("back"), "--compress", "gzip"));
    }

    [Fact]
    public async Task Copy_WritesBothDigestsAsJson()
    {
        await Ocimg.RunOkAsync("copy", At("image:v1"), At("docker"), "--format", "docker", "--compress", "none", "-q");

        JsonElement json = JsonDocument.Parse(await Ocimg.RunOkAsync(
            "copy", At("image:v1"), At("docker"), "--format", "docker", "--compress", "none", "--json")).RootElement;

        Assert.Equal(_image, json.GetProperty("sourceDigest").GetString());
        Assert.Equal(await Ocimg.RunOkAsync("digest", At("docker:v1")), json.GetProperty("digest").GetString());
        Assert.Equal("reused", json.GetProperty("layers")[0].GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task Copy_WithNothingToConvertKeepsTheDigest() => Assert.Equal(
        _image, await Ocimg.RunOkAsync("copy", At("image:v1"), At("same"), "--format", "oci", "--compress", "gzip"));

    [Fact]
    public async Task PullAndPush_Convert()
    {
        string pushed = await Ocimg.RunOkAsync("push", _directory.Combine("image") + ":v1", At("pushed:v2"), "--compress", "none");
        string pulled = await Ocimg.RunOkAsync("pull", At("pushed:v2"), _directory.Combine("pulled"), "--compress", "gzip");

        Assert.NotEqual(_image, pushed);
        Assert.Equal(_image, pulled);
    }

    [Fact]
    public async Task Copy_SaysHowToGoOnWhereSomethingWouldBeLost()
    {
        string manifest = await Ocimg.RunOkAsync("manifest", "get", At("image:v1"));
        string annotated = manifest.TrimEnd()[..^1] + ",\"annotations\":{\"a\":\"b\"}}";
        await Ocimg.RunOkAsync("manifest", "put", At("image:annotated"), _directory.WriteFile("manifest.json", annotated));

        string error = await Ocimg.RunRefusedAsync(
            ExitCode.Usage, "copy", At("image:annotated"), At("docker"), "--format", "docker");
        var terminal = new TestTerminal();
        int exitCode = await Ocimg.RunAsync(
            terminal, "copy", At("image:annotated"), At("docker"), "--format", "docker", "--lossy");

        Assert.Contains("--lossy", error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, exitCode);
        Assert.Contains("Left out", terminal.ErrorOutput, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--compress", "brotli")]
    [InlineData("--format", "v2s2")]
    [InlineData("--level", "3")]
    [InlineData("--force-compress")]
    [InlineData("--lossy")]
    [InlineData("--layer-cache", "file")]
    [InlineData("--compress", "gzip", "--level", "10")]
    [InlineData("--compress", "gzip", "--level", "0")]
    [InlineData("--compress", "none", "--level", "1")]
    [InlineData("--compress", "zstd", "--format", "docker")]
    [InlineData("--compress", "zstd", "--platform", "linux/amd64", "--sparse")]
    public async Task Copy_RefusesOptionsThatMakeNoSense(params string[] options)
    {
        await Ocimg.RunRefusedAsync(ExitCode.Usage, ["copy", At("image:v1"), At("refused"), .. options]);

        Assert.False(Directory.Exists(_directory.Combine("refused")));
    }

    private string At(string image) => $"oci:{_directory.Combine(image)}";
}
