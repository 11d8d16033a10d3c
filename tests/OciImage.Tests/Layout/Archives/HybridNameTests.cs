using System.Text;
using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.Tests.Tar;

namespace OciImage.Tests.Layout.Archives;

/// <summary>Archives with an <c>index.json</c> that names nothing and a <c>manifest.json</c> that does.</summary>
public sealed class HybridNameTests
{
    private const string Config = """{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}""";

    private static readonly Descriptor ConfigDescriptor = TestContent.Describe(Config, MediaTypes.ImageConfig);
    private static readonly string Hex = ConfigDescriptor.Digest.Encoded;

    private static readonly string Manifest =
        $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.ImageManifest}}","config":{"mediaType":"{{MediaTypes.ImageConfig}}","digest":"{{ConfigDescriptor.Digest}}","size":{{Config.Length}}},"layers":[]}""";

    private static readonly Descriptor ManifestDescriptor = TestContent.Describe(Manifest, MediaTypes.ImageManifest);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("blobs/sha256/HEX")]
    [InlineData("HEX.json")]
    public async Task Names_ComeFromRepoTags(string config)
    {
        await using ImageArchive archive = await OpenAsync([ManifestDescriptor], Tags(config, "one:v1", "localhost:5000/two:v2"));

        Descriptor found = await archive.ResolveAsync("v2", Token);
        Descriptor[] roots = [.. await archive.ReadRootsAsync(Token)];

        Assert.Equal(
            ["docker.io/library/one:v1", "localhost:5000/two:v2"], await archive.ListReferencesAsync(Token).ToArrayAsync(Token));
        Assert.Equal(ManifestDescriptor, found);
        Assert.Equal([ManifestDescriptor.Digest, ManifestDescriptor.Digest], roots.Select(root => root.Digest));
    }

    [Fact]
    public async Task Names_AreThoseOfTheIndexThatHasTheImage()
    {
        string index = $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.ImageIndex}}","manifests":[{{Entry(ManifestDescriptor)}}]}""";
        Descriptor root = TestContent.Describe(index, MediaTypes.ImageIndex);
        await using ImageArchive archive = await OpenAsync([root], Tags($"{Hex}.json", "one:v1"), index);

        Assert.Equal(root, await archive.ResolveAsync("one:v1", Token));
    }

    [Fact]
    public async Task Names_AreNoneWhereTwoImagesHaveTheConfiguration()
    {
        string other = Manifest.Replace("\"layers\":[]", "\"layers\":[],\"annotations\":{\"a\":\"b\"}", StringComparison.Ordinal);
        Descriptor otherDescriptor = TestContent.Describe(other, MediaTypes.ImageManifest);
        await using ImageArchive archive = await OpenAsync(
            [ManifestDescriptor, otherDescriptor], Tags($"{Hex}.json", "one:v1"), other);

        Assert.Empty(await archive.ListReferencesAsync(Token).ToArrayAsync(Token));
        Assert.Equal([ManifestDescriptor, otherDescriptor], await archive.ReadRootsAsync(Token));
    }

    [Fact]
    public async Task Names_OfTheLayoutCount()
    {
        Descriptor named = ManifestDescriptor with
        {
            Annotations = new Dictionary<string, string> { [AnnotationKeys.RefName] = "of-the-layout" },
        };
        await using ImageArchive archive = await OpenAsync([named], Tags($"{Hex}.json", "one:v1"));

        Assert.Equal(["of-the-layout"], await archive.ListReferencesAsync(Token).ToArrayAsync(Token));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[{\"Config\":\"0.json\",\"RepoTags\":[\"one:v1\"]}]")]
    [InlineData("[{\"Config\":\"../../HEX\",\"RepoTags\":[\"a\\u0007b\"]}]")]
    public async Task Open_TakesALayoutWhateverManifestJsonSays(string manifest)
    {
        await using ImageArchive archive = await OpenAsync(
            [ManifestDescriptor], manifest.Replace("HEX", Hex, StringComparison.Ordinal));

        Assert.Empty(await archive.ListReferencesAsync(Token).ToArrayAsync(Token));
        Assert.Equal(ManifestDescriptor, await archive.ResolveAsync(ManifestDescriptor.Digest.ToString(), Token));
    }

    [Fact]
    public async Task Open_TakesALayoutWithADamagedManifest()
    {
        RawTar tar = Layout([ManifestDescriptor], Tags($"{Hex}.json", "one:v1"))
            .File($"blobs/sha256/{ManifestDescriptor.Digest.Encoded}", new string('x', Manifest.Length));
        await using ImageArchive archive = await ImageArchive.OpenAsync(new MemoryStream(tar.End()), cancellationToken: Token);

        Assert.Empty(await archive.ListReferencesAsync(Token).ToArrayAsync(Token));
        await Assert.ThrowsAsync<ContentVerificationException>(() => TestContent.ReadAsync(archive, ManifestDescriptor));
    }

    private static string Entry(Descriptor descriptor) => Encoding.UTF8.GetString(OciDocument<ImageIndex>
        .Create(new ImageIndex { Manifests = [descriptor] }).Bytes.Span)
        .Split("\"manifests\":[")[1][..^2];

    private static string Tags(string config, params string[] tags) =>
        $$"""[{"Config":"{{config.Replace("HEX", Hex, StringComparison.Ordinal)}}","RepoTags":["{{string.Join("\",\"", tags)}}"],"Layers":[]}]""";

    private static RawTar Layout(Descriptor[] roots, string manifest) => new RawTar()
        .File("oci-layout", """{"imageLayoutVersion":"1.0.0"}""")
        .File("index.json", $$"""{"schemaVersion":2,"manifests":[{{string.Join(',', roots.Select(Entry))}}]}""")
        .File("manifest.json", manifest)
        .File($"blobs/sha256/{Hex}", Config);

    private static async Task<ImageArchive> OpenAsync(Descriptor[] roots, string manifest, params string[] blobs)
    {
        RawTar tar = Layout(roots, manifest);
        foreach (string blob in blobs.Prepend(Manifest))
        {
            tar.File($"blobs/sha256/{TestContent.Describe(blob).Digest.Encoded}", blob);
        }

        return await ImageArchive.OpenAsync(new MemoryStream(tar.End()), cancellationToken: Token);
    }
}
