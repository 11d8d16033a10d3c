using System.Text.Json;
using OciImage.TestKit;

namespace OciImage.Cli.Tests.Commands;

/// <summary>Commands over layouts alone, on an image that <c>build</c> made.</summary>
public sealed class LayoutTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Build_GivesTheSameDigestForTheSameFiles()
    {
        string first = await BuildAsync("one:v1");
        File.SetLastWriteTimeUtc(_directory.Combine("app", "bin", "hello"), new DateTime(2031, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        string second = await BuildAsync("two:v1");

        Assert.StartsWith("sha256:", first, StringComparison.Ordinal);
        Assert.Equal(first, second);
    }

    [Fact]
    public async Task Build_PutsSettingsIntoTheConfiguration()
    {
        await BuildAsync("base:v1");

        await Ocimg.RunOkAsync(
            "build", At("changed:v1"), "--from", At("base:v1"), "--platform", "linux/amd64",
            "--entrypoint", "[\"/app/bin/hello\",\"-x\"]", "--env", "A=1", "--env", "B=2=3", "--workdir", "/app",
            "--user", "1000", "--label", "l=v", "--created", "2026-01-31T12:00:00Z");

        JsonElement config = JsonDocument.Parse(await Ocimg.RunOkAsync("inspect", At("changed:v1"), "--config")).RootElement;
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero), config.GetProperty("created").GetDateTimeOffset());
        JsonElement settings = config.GetProperty("config");
        Assert.Equal("""["/app/bin/hello","-x"]""", settings.GetProperty("Entrypoint").GetRawText());
        Assert.Equal("""["PATH=/bin","A=1","B=2=3"]""", settings.GetProperty("Env").GetRawText());
        Assert.Equal("/app", settings.GetProperty("WorkingDir").GetString());
        Assert.Equal("1000", settings.GetProperty("User").GetString());
        Assert.Equal("v", settings.GetProperty("Labels").GetProperty("l").GetString());
    }

    [Fact]
    public async Task Build_RefusesAFileThatIsNotThere() => await Ocimg.RunRefusedAsync(
        ExitCode.NotFound, "build", At("x:v1"), "--from", "scratch", "--add", _directory.Combine("none") + ":/x");

    [Fact]
    public async Task Inspect_ShowsTheImageAsTextJsonTreeAndBytes()
    {
        string digest = await BuildAsync("image:v1");

        string text = await Ocimg.RunOkAsync("inspect", At("image:v1"));
        JsonElement json = JsonDocument.Parse(await Ocimg.RunOkAsync("inspect", At("image:v1"), "--json")).RootElement;
        string tree = await Ocimg.RunOkAsync("inspect", At("image:v1"), "--tree");
        JsonElement treeJson = JsonDocument.Parse(await Ocimg.RunOkAsync("inspect", At("image:v1"), "--tree", "--json")).RootElement;
        var raw = new TestTerminal();
        await Ocimg.RunAsync(raw, "inspect", At("image:v1"), "--raw");

        Assert.Contains(digest, text, StringComparison.Ordinal);
        Assert.Contains("linux/amd64", text, StringComparison.Ordinal);
        Assert.Equal(digest, json.GetProperty("digest").GetString());
        Assert.Equal(1, json.GetProperty("layers").GetArrayLength());
        Assert.Equal("linux/amd64", json.GetProperty("platform").GetString());
        Assert.StartsWith(digest, tree, StringComparison.Ordinal);
        Assert.Equal(2, treeJson.GetProperty("children").GetArrayLength());
        Assert.Equal(digest, Digest.Compute(raw.OutputBytes).ToString());
    }

    [Fact]
    public async Task Copy_TakesTheTagOfTheSource()
    {
        string digest = await BuildAsync("image:v1");

        string copied = await Ocimg.RunOkAsync("copy", At("image"), At("copy"));

        Assert.Equal(digest, copied);
        Assert.Equal("v1", await Ocimg.RunOkAsync("tags", At("copy")));
        Assert.Equal(digest, await Ocimg.RunOkAsync("digest", At("copy:v1")));
    }

    [Fact]
    public async Task Copy_KeepsAnImageWithoutATag()
    {
        string digest = await BuildAsync("image");

        await Ocimg.RunOkAsync("copy", At("image"), At("copy"));

        Assert.Equal("", await Ocimg.RunOkAsync("tags", At("copy")));
        Assert.Equal(digest, await Ocimg.RunOkAsync("digest", At("copy")));
        Assert.Equal(digest, await Ocimg.RunOkAsync("digest", At("copy") + "@" + digest));
    }

    [Fact]
    public async Task Digest_WantsToKnowWhichOfSeveralImages()
    {
        await BuildAsync("image:v1");
        await BuildAsync("image:v2", "--label", "a=b");

        string error = await Ocimg.RunRefusedAsync(ExitCode.Usage, "digest", At("image"));

        Assert.Contains("has 2 images", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tags_ListsInOrderAndAsJson()
    {
        await BuildAsync("image:v2");
        await BuildAsync("image:v1");

        Assert.Equal("v1\nv2", await Ocimg.RunOkAsync("tags", At("image")));
        JsonElement json = JsonDocument.Parse(await Ocimg.RunOkAsync("tags", At("image"), "--json")).RootElement;
        Assert.Equal(["v1", "v2"], json.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()!));
    }

    [Fact]
    public async Task Delete_RemovesATagAndThenFindsNone()
    {
        await BuildAsync("image:v1");

        await Ocimg.RunOkAsync("delete", At("image:v1"));

        await Ocimg.RunRefusedAsync(ExitCode.NotFound, "digest", At("image:v1"));
        await Ocimg.RunRefusedAsync(ExitCode.NotFound, "delete", At("image:v1"));
    }

    [Fact]
    public async Task Digest_FindsNoLayoutAndNoTag()
    {
        await BuildAsync("image:v1");

        await Ocimg.RunRefusedAsync(ExitCode.NotFound, "digest", At("nowhere:v1"));
        await Ocimg.RunRefusedAsync(ExitCode.NotFound, "digest", At("image:v9"));
    }

    [Fact]
    public async Task Blob_GoesInAndComesOut()
    {
        await BuildAsync("image:v1");
        string file = _directory.WriteFile("blob", "some bytes");
        string output = _directory.Combine("out");

        string digest = await Ocimg.RunOkAsync("blob", "put", At("image"), file);
        await Ocimg.RunOkAsync("blob", "get", $"{At("image")}@{digest}", "-o", output);

        Assert.Equal(Digest.Compute("some bytes"u8).ToString(), digest);
        Assert.Equal("some bytes", await File.ReadAllTextAsync(output, TestContext.Current.CancellationToken));
        Assert.Equal("some bytes", await Ocimg.RunOkAsync("blob", "get", $"{At("image")}@{digest}"));
    }

    [Fact]
    public async Task Blob_ThatDoesNotVerifyExitsWithThreeAndLeavesNoFile()
    {
        await BuildAsync("image:v1");
        string digest = await Ocimg.RunOkAsync("blob", "put", At("image"), _directory.WriteFile("blob", "some bytes"));
        Damage(digest);

        Directory.CreateDirectory(_directory.Combine("result"));

        string error = await Ocimg.RunRefusedAsync(
            ExitCode.NotVerified, "blob", "get", $"{At("image")}@{digest}", "-o", _directory.Combine("result", "out"));

        Assert.Contains(digest, error, StringComparison.Ordinal);
        Assert.Contains("  do: ", error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_directory.Combine("result")));
    }

    [Fact]
    public async Task Manifest_ComesOutAsItIsAndGoesInUnderAnotherTag()
    {
        string digest = await BuildAsync("image:v1");
        string file = _directory.Combine("manifest.json");

        await Ocimg.RunOkAsync("manifest", "get", At("image:v1"), "-o", file);
        string put = await Ocimg.RunOkAsync("manifest", "put", At("image:v2"), file);

        Assert.Equal(digest, put);
        Assert.Equal(digest, await Ocimg.RunOkAsync("digest", At("image:v2")));
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"}""")]
    public async Task Manifest_ThatIsMalformedExitsWithThree(string content)
    {
        string file = _directory.WriteFile("manifest.json", content);

        await Ocimg.RunRefusedAsync(ExitCode.NotVerified, "manifest", "put", At("image:v1"), file);
    }

    [Fact]
    public async Task Unpack_WritesTheTreeOrNothing()
    {
        string digest = await BuildAsync("image:v1");
        string tree = _directory.Combine("tree");

        string unpacked = await Ocimg.RunOkAsync("unpack", At("image:v1"), tree, "--platform", "linux/amd64");

        Assert.Equal(digest, unpacked);
        Assert.Equal("hello", await File.ReadAllTextAsync(
            Path.Combine(tree, "app", "bin", "hello"), TestContext.Current.CancellationToken));
        await Ocimg.RunRefusedAsync(ExitCode.Failed, "unpack", At("image:v1"), tree, "--platform", "linux/amd64");
        await Ocimg.RunOkAsync("unpack", At("image:v1"), tree, "--platform", "linux/amd64", "--force");
    }

    [Fact]
    public async Task Unpack_OfADamagedLayerExitsWithThreeAndLeavesNoTree()
    {
        await BuildAsync("image:v1");
        JsonElement json = JsonDocument.Parse(await Ocimg.RunOkAsync("inspect", At("image:v1"), "--json")).RootElement;
        Damage(json.GetProperty("layers")[0].GetProperty("digest").GetString()!);

        await Ocimg.RunRefusedAsync(
            ExitCode.NotVerified, "unpack", At("image:v1"), _directory.Combine("tree"), "--platform", "linux/amd64");

        Assert.False(Path.Exists(_directory.Combine("tree")));
    }

    [Fact]
    public async Task Check_ReadsAWholeImage()
    {
        string digest = await BuildAsync("image:v1");

        Assert.Equal(digest, await Ocimg.RunOkAsync("check", At("image:v1")));
        JsonElement json = JsonDocument.Parse(await Ocimg.RunOkAsync("check", At("image:v1"), "--json")).RootElement;
        Assert.True(json.GetProperty("whole").GetBoolean());
        Assert.Equal(3, json.GetProperty("contents").GetInt64());
    }

    [Theory]
    [InlineData(true, ExitCode.NotVerified)]
    [InlineData(false, ExitCode.NotFound)] // a layer that is missing may have been left out on purpose
    public async Task Check_FindsALayerThatIsDamagedOrMissing(bool damaged, int expected)
    {
        await BuildAsync("image:v1");
        JsonElement json = JsonDocument.Parse(await Ocimg.RunOkAsync("inspect", At("image:v1"), "--json")).RootElement;
        string layer = json.GetProperty("layers")[0].GetProperty("digest").GetString()!;
        if (damaged)
        {
            Damage(layer);
        }
        else
        {
            File.Delete(BlobPath(layer));
        }

        string error = await Ocimg.RunRefusedAsync(expected, "check", At("image:v1"));

        Assert.Contains(layer, error, StringComparison.Ordinal);
        var terminal = new TestTerminal();
        Assert.Equal(expected, await Ocimg.RunAsync(terminal, "check", At("image:v1"), "--json"));
        Assert.Equal(layer, JsonDocument.Parse(terminal.OutputBytes).RootElement.GetProperty("faults")[0].GetProperty("digest").GetString());
    }

    [Fact]
    public async Task CheckRepair_FetchesWhatIsDamagedFromAnotherPlace()
    {
        string digest = await BuildAsync("image:v1");
        await Ocimg.RunOkAsync("copy", At("image:v1"), At("good:v1"));
        JsonElement json = JsonDocument.Parse(await Ocimg.RunOkAsync("inspect", At("image:v1"), "--json")).RootElement;
        string layer = json.GetProperty("layers")[0].GetProperty("digest").GetString()!;
        File.WriteAllBytes(BlobPath(layer) + ".new", new byte[new FileInfo(BlobPath(layer)).Length]); // the good one may be a link
        File.Move(BlobPath(layer) + ".new", BlobPath(layer), overwrite: true);

        await Ocimg.RunRefusedAsync(ExitCode.NotVerified, "check", At("image"));
        await Ocimg.RunRefusedAsync(ExitCode.Usage, "check", At("image"), "--from", At("good"));
        await Ocimg.RunRefusedAsync(ExitCode.NotFound, "check", At("image"), "--repair");
        string repaired = await Ocimg.RunOkAsync("check", At("image"), "--repair", "--from", At("good"), "--all-blobs");

        Assert.Equal(digest, repaired);
        Assert.Equal(digest, await Ocimg.RunOkAsync("check", At("image:v1")));
    }

    [Fact]
    public async Task Quiet_WritesResultsOnly()
    {
        await BuildAsync("image:v1");
        var terminal = new TestTerminal();

        await Ocimg.RunAsync(terminal, "copy", At("image:v1"), At("copy:v1"), "-q");

        Assert.Equal("", terminal.ErrorOutput);
        Assert.StartsWith("sha256:", terminal.Output, StringComparison.Ordinal);
    }

    private string At(string place) => "oci:" + _directory.Combine(place);

    private Task<string> BuildAsync(string place, params string[] more)
    {
        string app = _directory.Combine("app");
        if (!Directory.Exists(app))
        {
            _directory.WriteFile("app/bin/hello", "hello");
        }

        return Ocimg.RunOkAsync(
            [
                "build", At(place), "--from", "scratch", "--add", app + ":/app", "--entrypoint", "/app/bin/hello",
                "--env", "PATH=/bin", "--platform", "linux/amd64", .. more,
            ]);
    }

    private void Damage(string digest)
    {
        string path = BlobPath(digest);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.Delete(path);
        File.WriteAllBytes(path, bytes);
    }

    private string BlobPath(string digest) =>
        _directory.Combine("image", "blobs", digest.Replace(':', Path.DirectorySeparatorChar));
}
