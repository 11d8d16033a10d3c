using System.IO.Compression;
using System.Text;
using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.Tests.Tar;

namespace OciImage.Tests.Layout.Archives;

/// <summary>Archives that mean harm: S08, S11 and S14, and tar tricks that reach the index of an archive.</summary>
public sealed class ImageArchiveAttackTests
{
    private const string Header = """{"imageLayoutVersion":"1.0.0"}""";
    private const string Config = """{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["DIFF"]}}""";

    private static readonly string Blob = "content";
    private static readonly Descriptor BlobDescriptor = TestContent.Describe(Blob);
    private static readonly string BlobName = $"blobs/sha256/{BlobDescriptor.Digest.Encoded}";

    public static TheoryData<string> OtherKinds => ["symlink", "hard link", "directory", "pipe", "device", "sparse", "twice"];

    [Theory]
    [MemberData(nameof(OtherKinds))]
    public async Task OpenRead_RefusesABlobThatIsNoPlainFile(string kind)
    {
        RawTar tar = Layout();
        tar = kind switch
        {
            "symlink" => tar.File("other", Blob).Header(BlobName, '2', change: block => Put(block, 157, "../../other")),
            "hard link" => tar.File("other", Blob).Header(BlobName, '1', change: block => Put(block, 157, "other")),
            "directory" => tar.Header(BlobName + "/", '5'),
            "pipe" => tar.Header(BlobName, '6'),
            "device" => tar.Header(BlobName, '3'),
            "sparse" => tar
                .Pax(("GNU.sparse.major", "0"), ("GNU.sparse.minor", "1"), ("GNU.sparse.size", "7"), ("GNU.sparse.map", "0,7"), ("GNU.sparse.name", BlobName))
                .File("GNUSparseFile.0/x", Blob),
            _ => tar.File(BlobName, "another").File("./" + BlobName, Blob),
        };
        await using ImageArchive archive = await OpenAsync(tar);

        await Assert.ThrowsAsync<DocumentFormatException>(async () => await archive.OpenReadAsync(BlobDescriptor, Token));
        Assert.False(await archive.ExistsAsync(BlobDescriptor, Token));
    }

    [Theory]
    [InlineData("../oci-layout")]
    [InlineData("blobs/../../x")]
    [InlineData("/etc/passwd")]
    public async Task Open_RefusesNamesOutsideTheArchive(string name)
    {
        var error = await Assert.ThrowsAsync<LayerException>(() => OpenAsync(Layout().File(name, "x")));

        Assert.Equal(LayerErrorKind.Unsafe, error.Kind);
    }

    [Theory]
    [InlineData("oci-layout")]
    [InlineData("index.json")]
    [InlineData("./index.json")]
    public async Task Open_RefusesADocumentThatStandsTwice(string name)
    {
        await Assert.ThrowsAsync<DocumentFormatException>(() => OpenAsync(Layout().File(name, """{"schemaVersion":2,"manifests":[]}""")));
    }

    [Fact]
    public async Task Open_TakesThePaxSize_SoThatNothingIsSmuggled()
    {
        string hidden = Encoding.Latin1.GetString(new RawTar().File("oci-layout", Header).Open());
        RawTar tar = Layout().Pax(("size", hidden.Length.ToString(System.Globalization.CultureInfo.InvariantCulture)))
            .Header("inner", size: 0).Content(hidden);

        await using ImageArchive archive = await OpenAsync(tar);

        Assert.Equal(ImageArchiveFormat.Oci, archive.Format);
    }

    [Theory]
    [InlineData("../../../etc/passwd", "layer.tar", "outside")]
    [InlineData("config.json", "/etc/passwd", "outside")]
    [InlineData("config.json", "../layer.tar", "outside")]
    [InlineData("config.json", "up", "outside")]
    [InlineData("config.json", "absolute", "outside")]
    [InlineData("config.json", "circle-a", "links")]
    [InlineData("config.json", "nowhere", "no 'missing'")]
    [InlineData("config.json", "folder", "not a regular file")]
    [InlineData("absent.json", "layer.tar", "no 'absent.json'")]
    public async Task Resolve_KeepsADockerArchivesNamesInside(string config, string layer, string message)
    {
        RawTar tar = Docker(config, layer)
            .Header("up", '2', change: block => Put(block, 157, "../../etc/passwd"))
            .Header("absolute", '2', change: block => Put(block, 157, "/etc/passwd"))
            .Header("circle-a", '2', change: block => Put(block, 157, "circle-b"))
            .Header("circle-b", '1', change: block => Put(block, 157, "circle-a"))
            .Header("nowhere", '2', change: block => Put(block, 157, "missing"))
            .Header("folder/", '5');
        await using ImageArchive archive = await OpenAsync(tar);

        var error = await Assert.ThrowsAsync<DocumentFormatException>(async () => await archive.ResolveAsync("name:v1", Token));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenRead_RefusesALayerThatIsNotItsDiffId()
    {
        await using ImageArchive archive = await OpenAsync(Docker("config.json", "layer.tar", layerContent: "anothe"));
        Descriptor root = await archive.ResolveAsync("name:v1", Token);
        Descriptor layer = OciDocument<ImageManifest>.Parse(await TestContent.ReadAsync(archive, root)).Value.Layers[0];

        await Assert.ThrowsAsync<ContentVerificationException>(() => TestContent.ReadAsync(archive, layer));
    }

    [Fact]
    public async Task Resolve_RefusesAnotherNumberOfLayersThanDiffIds()
    {
        string manifest = """[{"Config":"config.json","RepoTags":["name:v1"],"Layers":["layer.tar","layer.tar"]}]""";
        await using ImageArchive archive = await OpenAsync(
            new RawTar().File("manifest.json", manifest).File("config.json", ConfigOf("layer")).File("layer.tar", "layer"));

        await Assert.ThrowsAsync<DocumentFormatException>(async () => await archive.ResolveAsync("name:v1", Token));
    }

    [Theory]
    [InlineData("[{\"Config\":\"a\",\"Config\":\"b\"}]")] // one name, two meanings
    [InlineData("[null]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[{\"Layers\":[]}]")]
    [InlineData("[{\"Config\":\"a\",\"Layers\":[null]}]")]
    [InlineData("[{\"Config\":\"a\",\"RepoTags\":[\"\"]}]")]
    [InlineData("[{\"Config\":\"a\",\"RepoTags\":[\"a\\u0007b\"]}]")]
    [InlineData("not json")]
    public async Task Open_RefusesAMalformedManifestJson(string manifest)
    {
        await Assert.ThrowsAsync<DocumentFormatException>(() => OpenAsync(new RawTar().File("manifest.json", manifest)));
    }

    // Each image is small; what is made of them is not.
    [Fact]
    public async Task Open_RefusesMoreLayersThanAnyImagesHave()
    {
        string layers = string.Join(',', Enumerable.Repeat("\"a\"", 9_000));
        string image = $$"""{"Config":"c","Layers":[{{layers}}]}""";
        string manifest = $"[{string.Join(',', Enumerable.Repeat(image, 20))}]";

        await Assert.ThrowsAsync<DocumentFormatException>(() => OpenAsync(new RawTar().File("manifest.json", manifest)));
    }

    [Fact]
    public async Task ReadRoots_ReadsNoConfigurationsWithoutEnd()
    {
        string config = ConfigOf("layer!") + new string(' ', 4_000_000);
        string images = string.Join(',', Enumerable.Repeat("""{"Config":"config.json","Layers":["layer.tar"]}""", 9_000));
        await using ImageArchive archive = await OpenAsync(new RawTar()
            .File("manifest.json", $"[{images}]").File("config.json", config).File("layer.tar", "layer!"));

        await Assert.ThrowsAsync<DocumentFormatException>(async () => await archive.ReadRootsAsync(Token));
    }

    [Fact]
    public async Task Open_SaysWhatAnArchiveOfAnOldDockerIs()
    {
        var error = await Assert.ThrowsAsync<DocumentFormatException>(() => OpenAsync(new RawTar().File("repositories", "{}")));

        Assert.Contains("older than 1.10", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_AreNeverPaths_AndBounded()
    {
        string root = $$"""{"mediaType":"application/x","digest":"{{BlobDescriptor.Digest}}","size":7,"annotations":{"org.opencontainers.image.ref.name":"NAME"} }""";
        RawTar WithName(string name) => Layout($$"""{"schemaVersion":2,"manifests":[ {{root.Replace("NAME", name, StringComparison.Ordinal)}} ]}""");
        await using ImageArchive archive = await OpenAsync(WithName("../../x"));

        Descriptor found = await archive.ResolveAsync("../../x", Token);

        Assert.Equal(BlobDescriptor.Digest, found.Digest);
        await Assert.ThrowsAsync<DocumentFormatException>(() => OpenAsync(WithName(new string('x', 1024 * 1024))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(2000)]
    public async Task Open_RefusesWhatIsCutOff(int missing)
    {
        byte[] whole = Layout().File(BlobName, new string('x', 5000)).Open();

        var error = await Assert.ThrowsAsync<LayerException>(() => OpenAsync(whole[..^(missing + 120)]));

        Assert.Equal(LayerErrorKind.Malformed, error.Kind);
    }

    [Fact]
    public async Task OpenRead_TellsWhenTheFileBecomesShorter()
    {
        using var directory = new TemporaryDirectory();
        string path = directory.Combine("a.tar");
        await File.WriteAllBytesAsync(path, Layout().File(BlobName, Blob).Open(), Token);
        await using ImageArchive archive = await ImageArchive.OpenAsync(path, cancellationToken: Token);
        await using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(1024);
        }

        await Assert.ThrowsAsync<ContentVerificationException>(() => TestContent.ReadAsync(archive, BlobDescriptor));
    }

    [Fact]
    public async Task Open_HoldsItsLimits()
    {
        RawTar tar = Layout().File(new string('n', 90), "x");
        byte[] zeros = new byte[1024 * 1024];
        using var bomb = new MemoryStream();
        await using (var gzip = new GZipStream(bomb, CompressionLevel.Optimal, leaveOpen: true))
        {
            await gzip.WriteAsync(zeros, Token);
        }

        ImageArchiveOptions[] limits =
        [
            new() { MaxEntries = 2 }, new() { MaxNameLength = 80 },
        ];
        foreach (ImageArchiveOptions options in limits)
        {
            var error = await Assert.ThrowsAsync<LayerException>(() => OpenAsync(tar.Open(), options));
            Assert.Equal(LayerErrorKind.LimitExceeded, error.Kind);
        }

        await Assert.ThrowsAsync<DocumentFormatException>(() => OpenAsync(tar.Open(), new() { MaxIndexSize = 10 }));
        var header = await Assert.ThrowsAsync<LayerException>(() =>
            OpenAsync(Layout().Pax(("comment", new string('c', 2000))).File("x", "x").Open(), new() { MaxHeaderSize = 1000 }));
        Assert.Equal(LayerErrorKind.LimitExceeded, header.Kind);
        var spool = await Assert.ThrowsAsync<LayerException>(() => OpenAsync(bomb.ToArray(), new() { MaxSpoolSize = 1000 }));
        Assert.Equal(LayerErrorKind.LimitExceeded, spool.Kind);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static RawTar Layout(string index = """{"schemaVersion":2,"manifests":[]}""") =>
        new RawTar().File("oci-layout", Header).File("index.json", index);

    private static string ConfigOf(string layer) =>
        Config.Replace("DIFF", TestContent.Describe(layer).Digest.ToString(), StringComparison.Ordinal);

    private static RawTar Docker(string config, string layer, string layerContent = "layer!") => new RawTar()
        .File("manifest.json", $$"""[{"Config":"{{config}}","RepoTags":["name:v1"],"Layers":["{{layer}}"]}]""")
        .File("config.json", ConfigOf("layer!"))
        .File("layer.tar", layerContent);

    private static Task<ImageArchive> OpenAsync(RawTar tar) => OpenAsync(tar.Open());

    private static async Task<ImageArchive> OpenAsync(byte[] bytes, ImageArchiveOptions? options = null) =>
        await ImageArchive.OpenAsync(new MemoryStream(bytes), options, cancellationToken: Token);

    private static void Put(byte[] block, int offset, string text) => Encoding.ASCII.GetBytes(text).CopyTo(block, offset);
}
