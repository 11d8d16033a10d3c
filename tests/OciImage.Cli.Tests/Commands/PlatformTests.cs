using System.Text.Json;
using OciImage.TestKit;

namespace OciImage.Cli.Tests.Commands;

/// <summary>Commands over an index of two platforms.</summary>
public sealed class PlatformTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private string _arm = "";
    private string _amd = "";
    private string _index = "";

    public async ValueTask InitializeAsync()
    {
        _directory.WriteFile("app/hello", "hello");
        _amd = await BuildAsync("linux/amd64");
        _arm = await BuildAsync("linux/arm64");
        string index =
            $$$"""
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[
              {{{await DescribeAsync(_amd, "amd64")}}},
              {{{await DescribeAsync(_arm, "arm64")}}}]}
            """;
        _index = await Ocimg.RunOkAsync("manifest", "put", At("all:v1"), _directory.WriteFile("index.json", index));
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Copy_TakesTheWholeIndex()
    {
        Assert.Equal(_index, await Ocimg.RunOkAsync("copy", At("all:v1"), At("copy")));

        Assert.Equal(_index, await Ocimg.RunOkAsync("check", At("copy:v1")));
    }

    [Fact]
    public async Task Copy_OfOnePlatformGivesItsManifest()
    {
        string copied = await Ocimg.RunOkAsync("copy", At("all:v1"), At("copy"), "--platform", "linux/arm64");

        Assert.Equal(_arm, copied);
        Assert.Equal(_arm, await Ocimg.RunOkAsync("digest", At("copy:v1")));
    }

    [Fact]
    public async Task Copy_ThatIsSparseKeepsTheIndexAndItsDigest()
    {
        string copied = await Ocimg.RunOkAsync("copy", At("all:v1"), At("copy"), "--platform", "linux/arm64", "--sparse");

        Assert.Equal(_index, copied);
        await Ocimg.RunOkAsync("inspect", At("copy:v1"), "--tree");
        await Ocimg.RunRefusedAsync(ExitCode.NotFound, "check", At("copy:v1"));
    }

    [Fact]
    public async Task Copy_FindsNoPlatformThatIsNotThere() => await Ocimg.RunRefusedAsync(
        ExitCode.NotFound, "copy", At("all:v1"), At("copy"), "--platform", "linux/s390x");

    [Fact]
    public async Task Inspect_ShowsPlatformsAndChoosesOne()
    {
        string all = await Ocimg.RunOkAsync("inspect", At("all:v1"));
        JsonElement one = JsonDocument.Parse(
            await Ocimg.RunOkAsync("inspect", At("all:v1"), "--platform", "linux/arm64", "--json")).RootElement;

        Assert.Contains("linux/amd64", all, StringComparison.Ordinal);
        Assert.Contains(_arm, all, StringComparison.Ordinal);
        Assert.Equal(_arm, one.GetProperty("digest").GetString());
        string error = await Ocimg.RunRefusedAsync(
            ExitCode.NotFound, "inspect", At("all:v1"), "--platform", "linux/s390x");
        Assert.Contains("linux/amd64, linux/arm64", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unpack_ChoosesAPlatform() => Assert.Equal(_arm, await Ocimg.RunOkAsync(
        "unpack", At("all:v1"), _directory.Combine("tree"), "--platform", "linux/arm64"));

    [Fact]
    public async Task Build_TakesThePlatformOfTheBase()
    {
        await Ocimg.RunOkAsync("build", At("new:v1"), "--from", At("all:v1"), "--platform", "linux/arm64");

        JsonElement json = JsonDocument.Parse(await Ocimg.RunOkAsync("inspect", At("new:v1"), "--json")).RootElement;
        Assert.Equal("linux/arm64", json.GetProperty("platform").GetString());
    }

    private string At(string place) => "oci:" + _directory.Combine(place);

    private Task<string> BuildAsync(string platform) => Ocimg.RunOkAsync(
        "build", At("all"), "--from", "scratch", "--add", _directory.Combine("app") + ":/app", "--platform", platform);

    private async Task<string> DescribeAsync(string digest, string architecture)
    {
        JsonElement json = JsonDocument.Parse(
            await Ocimg.RunOkAsync("digest", $"{At("all")}@{digest}", "--json")).RootElement;

        return
            $$$"""
            {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{{{digest}}}",
             "size":{{{json.GetProperty("size")}}},"platform":{"architecture":"{{{architecture}}}","os":"linux"}}
            """;
    }
}
