using System.Text.Json;
using OciImage.Content;
using OciImage.Layout;
using OciImage.Server;
using OciImage.TestKit;

namespace OciImage.Cli.Tests.Commands;

/// <summary>Commands over an image with a signature and an SBOM.</summary>
public sealed class ReferrerTests : IAsyncLifetime
{
    private const string Signature = "application/vnd.test.signature";
    private const string Sbom = "application/vnd.test.sbom";

    private readonly TemporaryDirectory _directory = new();
    private string _image = "";
    private string _signature = "";
    private string _sbom = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        OciLayout layout = await OciLayout.OpenOrCreateAsync(
            _directory.Combine("image"), new OciLayoutOptions { Durability = Durability.None }, Token);
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        await layout.TagAsync(image, "v1", Token);
        _image = image.Digest.ToString();
        _signature = (await AttachAsync(layout, image, Signature)).Digest.ToString();
        _sbom = (await AttachAsync(layout, image, Sbom)).Digest.ToString();
        await layout.TagAsync(await TestContent.PushImageAsync(layout, "cosign"), $"sha256-{image.Digest.Encoded}.sig", Token);
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Referrers_AreListedAsTextAndJson()
    {
        string text = await Ocimg.RunOkAsync("referrers", At("image:v1"));
        string one = await Ocimg.RunOkAsync("referrers", At("image:v1"), "--artifact-type", Sbom);
        JsonElement json = JsonDocument.Parse(await Ocimg.RunOkAsync("referrers", At("image:v1"), "--json")).RootElement;

        Assert.Equal(new[] { $"{_signature}  {Signature}", $"{_sbom}  {Sbom}" }.Order(StringComparer.Ordinal), text.Split('\n'));
        Assert.Equal($"{_sbom}  {Sbom}", one);
        Assert.Equal(_image, json.GetProperty("digest").GetString());
        Assert.Equal(
            new[] { Sbom, Signature },
            json.GetProperty("referrers").EnumerateArray().Select(item => item.GetProperty("artifactType").GetString()!).Order());
    }

    [Fact]
    public async Task Referrers_OfNothingAreNone()
    {
        Assert.Equal("", await Ocimg.RunOkAsync("referrers", $"{At("image")}@{_sbom}"));
        await Ocimg.RunRefusedAsync(ExitCode.NotFound, "referrers", At("image:v9"));
    }

    [Fact]
    public async Task Copy_WithoutOptionsTakesTheImageAlone()
    {
        await Ocimg.RunOkAsync("copy", At("image:v1"), At("copy:v1"));

        Assert.Equal("", await Ocimg.RunOkAsync("referrers", At("copy:v1")));
        Assert.Equal("v1", await Ocimg.RunOkAsync("tags", At("copy")));
    }

    [Theory]
    [InlineData(2, "--referrers")]
    [InlineData(1, "--referrer-type", Sbom)]
    [InlineData(2, "--referrer-type", Sbom, "--referrer-type", Signature)]
    public async Task Copy_TakesReferrersThroughARegistryAndBack(int expected, params string[] options)
    {
        await using RegistryServer registry = await RegistryServer.StartAsync(new MemoryRepositoryProvider(), cancellationToken: Token);
        string remote = $"{registry.Host}/team/app:v1";

        await Ocimg.RunOkAsync(["push", $"{_directory.Combine("image")}:v1", remote, .. options]);
        await Ocimg.RunOkAsync(["pull", remote, _directory.Combine("pulled"), "--ranges", "1", .. options]);

        Assert.Equal(expected, (await Ocimg.RunOkAsync("referrers", remote)).Split('\n').Length);
        Assert.Contains($"{_sbom}  {Sbom}", await Ocimg.RunOkAsync("referrers", At("pulled:v1")), StringComparison.Ordinal);

        // The referrers that the layout lists do not make it unclear which image is meant.
        Assert.Equal(_image, await Ocimg.RunOkAsync("digest", At("pulled")));
    }

    [Fact]
    public async Task Copy_TakesDigestTags()
    {
        await Ocimg.RunOkAsync("copy", At("image:v1"), At("copy:v2"), "--digest-tags");

        Assert.Equal($"{_image.Replace(':', '-')}.sig\nv2", await Ocimg.RunOkAsync("tags", At("copy")));
    }

    [Fact]
    public async Task Copy_ThatIsForcedLooksBelowWhatIsThere()
    {
        await using RegistryServer registry = await RegistryServer.StartAsync(new MemoryRepositoryProvider(), cancellationToken: Token);
        string remote = $"{registry.Host}/team/app:v1";
        await Ocimg.RunOkAsync("copy", At("image:v1"), remote);
        var plain = new TestTerminal();
        var forced = new TestTerminal();

        await Ocimg.RunAsync(plain, "copy", At("image:v1"), remote, "--progress", "plain");
        await Ocimg.RunAsync(forced, "copy", At("image:v1"), remote, "--progress", "plain", "--force-recursive");

        Assert.Equal(1, plain.ErrorOutput.Split('\n').Count(line => line.StartsWith("sha256:", StringComparison.Ordinal)));
        Assert.Equal(4, forced.ErrorOutput.Split('\n').Count(line => line.StartsWith("sha256:", StringComparison.Ordinal)));
    }

    private string At(string place) => "oci:" + _directory.Combine(place);

    private static async Task<Descriptor> AttachAsync(OciLayout layout, Descriptor subject, string artifactType)
    {
        Descriptor config = await TestImage.PushAsync(layout, MediaTypes.Empty, "{}");
        return await TestContent.PushManifestAsync(
            layout, config, [config], manifest => manifest with { ArtifactType = artifactType, Subject = subject });
    }
}
