using System.Text;
using System.Text.Json;

namespace OciImage.Tests;

public sealed class OciDocumentTests
{
    private const string Sha = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const string Blob = "{\"mediaType\":\"application/x\",\"digest\":\"" + Sha + "\",\"size\":0}";

    [Fact]
    public void Parse_KeepsTheBytes()
    {
        byte[] bytes = Utf8($$"""{ "layers" : [ ] , "config":{{Blob}},"schemaVersion":2 }""" + "\n");

        var document = OciDocument<ImageManifest>.Parse(bytes);

        Assert.True(document.Bytes.Span.SequenceEqual(bytes));
        Assert.Equal(Descriptor.Create(MediaTypes.ImageManifest, bytes), document.Descriptor);
    }

    [Fact]
    public void Parse_DescribesWithTheAlgorithmAskedFor()
    {
        byte[] bytes = Utf8("""{"schemaVersion":2,"manifests":[]}""");

        var document = OciDocument<ImageIndex>.Parse(bytes, options: new DocumentOptions { Algorithm = Digest.Sha512 });

        Assert.Equal(Digest.Compute(bytes, Digest.Sha512), document.Descriptor.Digest);
    }

    [Fact]
    public void Create_WritesTheCanonicalManifest()
    {
        Descriptor blob = Descriptor.Create(MediaTypes.LayerGzip, "x"u8);
        var document = OciDocument<ImageManifest>.Create(new ImageManifest
        {
            Annotations = new Dictionary<string, string> { ["k"] = "<v> & \"ü\"" },
            Subject = Descriptor.Empty,
            Layers =
            [
                blob with
                {
                    ArtifactType = "t/a",
                    Platform = new Platform
                    {
                        Os = "linux",
                        Architecture = "arm64",
                        OsVersion = "1",
                        OsFeatures = ["f"],
                        Variant = "v8",
                    },
                    Data = "x"u8.ToArray(),
                    Annotations = new Dictionary<string, string> { ["a"] = "b" },
                    Urls = ["https://u"],
                },
            ],
            Config = Descriptor.Empty,
            ArtifactType = "application/vnd.example+json",
            MediaType = MediaTypes.ImageManifest,
        });

        Assert.Equal(
            """
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.example+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881","size":1,"urls":["https://u"],"annotations":{"a":"b"},"data":"eA==","platform":{"architecture":"arm64","os":"linux","os.version":"1","os.features":["f"],"variant":"v8"},"artifactType":"t/a"}],"subject":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"annotations":{"k":"<v> & \"ü\""}}
            """,
            Text(document.Bytes));
    }

    [Fact]
    public void Create_WritesTheCanonicalIndex()
    {
        var document = OciDocument<ImageIndex>.Create(new ImageIndex());

        Assert.Equal("""{"schemaVersion":2,"manifests":[]}""", Text(document.Bytes));
        Assert.Equal(MediaTypes.ImageIndex, document.Descriptor.MediaType);
    }

    [Fact]
    public void Create_WritesTheCanonicalConfig()
    {
        var document = OciDocument<ImageConfig>.Create(new ImageConfig
        {
            Created = DateTimeOffset.FromUnixTimeSeconds(0),
            Author = "a",
            Architecture = "arm64",
            Variant = "v8",
            Os = "linux",
            OsVersion = "1",
            OsFeatures = ["f"],
            Config = new ContainerConfig
            {
                User = "1:2",
                ExposedPorts = ["8080/tcp", "80/tcp"],
                Env = ["A=b"],
                Entrypoint = ["/e"],
                Cmd = ["c"],
                Volumes = ["/v"],
                WorkingDir = "/w",
                Labels = new Dictionary<string, string> { ["l"] = "" },
                StopSignal = "SIGTERM",
                ArgsEscaped = true,
                Healthcheck = new Healthcheck { Test = ["NONE"], Interval = 1_000_000_000, Retries = 3 },
                Shell = ["/bin/sh"],
                OnBuild = ["RUN x"],
                StopTimeout = 0,
            },
            RootFs = new RootFs { DiffIds = [Digest.Parse(Sha)] },
            History = [new HistoryEntry { CreatedBy = "x", EmptyLayer = true }, new HistoryEntry()],
        });

        Assert.Equal(
            """
            {"created":"1970-01-01T00:00:00Z","author":"a","architecture":"arm64","variant":"v8","os":"linux","os.version":"1","os.features":["f"],"config":{"User":"1:2","ExposedPorts":{"80/tcp":{},"8080/tcp":{}},"Env":["A=b"],"Entrypoint":["/e"],"Cmd":["c"],"Volumes":{"/v":{}},"WorkingDir":"/w","Labels":{"l":""},"StopSignal":"SIGTERM","ArgsEscaped":true,"Healthcheck":{"Test":["NONE"],"Interval":1000000000,"Retries":3},"Shell":["/bin/sh"],"OnBuild":["RUN x"],"StopTimeout":0},"rootfs":{"type":"layers","diff_ids":["sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]},"history":[{"created_by":"x","empty_layer":true},{}]}
            """,
            Text(document.Bytes));
    }

    [Fact]
    public void Create_WritesTheSmallestConfigWithItsRequiredFields()
    {
        var document = OciDocument<ImageConfig>.Create(new ImageConfig { Os = "linux", Architecture = "amd64" });

        Assert.Equal(
            """{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}""", Text(document.Bytes));
    }

    [Fact]
    public void Create_WritesTheLayoutHeader()
    {
        var document = OciDocument<OciLayoutHeader>.Create(new OciLayoutHeader { ImageLayoutVersion = "1.0.0" });

        Assert.Equal("""{"imageLayoutVersion":"1.0.0"}""", Text(document.Bytes));
        Assert.Equal(document.Value, OciDocument<OciLayoutHeader>.Parse(document.Bytes).Value);
    }

    [Fact]
    public void Create_KeepsUnknownFieldsThroughAnEdit()
    {
        const string unknown = """{"deep":[1.50,null,{"Digest":"x","digest":"y"}],"text":"+ü"}""";
        byte[] bytes = Utf8(
            $$"""
            {"schemaVersion":2,"x-root":{{unknown}},"config":{"x-config":{{unknown}},"mediaType":"a","digest":"{{Sha}}","size":1},
            "layers":[{"mediaType":"a","digest":"{{Sha}}","size":1,"platform":{"os":"o","architecture":"a","x-platform":{{unknown}} } }]}
            """);
        ImageManifest read = OciDocument<ImageManifest>.Parse(bytes).Value;

        var edited = OciDocument<ImageManifest>.Create(read with
        {
            ArtifactType = "new",
            Layers = [read.Layers[0] with { Size = 2, Platform = read.Layers[0].Platform! with { Variant = "v" } }],
        });

        using JsonDocument written = JsonDocument.Parse(edited.Bytes);
        JsonElement layer = written.RootElement.GetProperty("layers")[0];
        Assert.Equal(unknown, written.RootElement.GetProperty("x-root").GetRawText());
        Assert.Equal(unknown, written.RootElement.GetProperty("config").GetProperty("x-config").GetRawText());
        Assert.Equal(unknown, layer.GetProperty("platform").GetProperty("x-platform").GetRawText());
        Assert.Equal(2, layer.GetProperty("size").GetInt64());
    }

    [Fact]
    public void Create_KeepsDockersFieldsOfAConfig()
    {
        byte[] bytes = Utf8(
            """
            {"architecture":"amd64","container":"abc","container_config":{"Hostname":"h","Cmd":null},"docker_version":"27",
            "config":{"Hostname":"","AttachStdin":false,"Env":null,"Labels":null,"OnBuild":null},"os":"linux",
            "history":[{"created":"2024-01-02T03:04:05.123456789Z","created_by":"x","buildkit":{"a":1}}],
            "rootfs":{"type":"layers","diff_ids":null,"base_layer":"b"}}
            """);
        ImageConfig read = OciDocument<ImageConfig>.Parse(bytes, MediaTypes.DockerConfig).Value;

        string written = Text(OciDocument<ImageConfig>.Create(read with { Author = "me" }, MediaTypes.DockerConfig).Bytes);

        Assert.Contains("\"container\":\"abc\"", written, StringComparison.Ordinal);
        Assert.Contains("\"container_config\":{\"Hostname\":\"h\",\"Cmd\":null}", written, StringComparison.Ordinal);
        Assert.Contains("\"AttachStdin\":false", written, StringComparison.Ordinal);
        Assert.Contains("\"buildkit\":{\"a\":1}", written, StringComparison.Ordinal);
        Assert.Contains("\"base_layer\":\"b\"", written, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_TakesNullForWhatIsOptional()
    {
        ImageManifest manifest = OciDocument<ImageManifest>.Parse(Utf8(
            $$"""
            {"schemaVersion":2,"mediaType":null,"artifactType":null,"config":{"mediaType":"a","digest":"{{Sha}}","size":0,"urls":null,
            "annotations":null,"data":null,"platform":null,"artifactType":null},"layers":null,"subject":null,"annotations":null}
            """)).Value;

        Assert.Empty(manifest.Layers);
        Assert.Empty(manifest.Annotations);
        Assert.Empty(manifest.Config.Urls);
        Assert.Empty(manifest.Config.Annotations);
        Assert.Empty(OciDocument<ImageIndex>.Parse(Utf8("""{"schemaVersion":2,"manifests":null}""")).Value.Manifests);
    }

    [Fact]
    public void Parse_TakesAMissingSchemaVersionForTwo()
    {
        ImageIndex index = OciDocument<ImageIndex>.Parse(Utf8("{}")).Value;

        Assert.Equal(2, index.SchemaVersion);
        Assert.Equal(2, new ImageIndex().SchemaVersion);
    }

    [Fact]
    public void Parse_TakesAPlatformThatLacksItsFields()
    {
        ImageIndex index = OciDocument<ImageIndex>.Parse(Utf8(
            """{"manifests":[{"mediaType":"a","digest":"SHA","size":0,"platform":{"variant":null}}]}""".Replace("SHA", Sha, StringComparison.Ordinal))).Value;

        Assert.Equal("", index.Manifests[0].Platform!.Os);
    }

    [Fact]
    public void Parse_TakesAnyCaseInTheUsersOwnMaps()
    {
        ImageConfig config = OciDocument<ImageConfig>.Parse(Utf8(
            """
            {"rootfs":{"type":"layers","diff_ids":[]},"config":{"Labels":{"Size":"1","size":"2","SIZE":"3"},
            "Volumes":{"/A":{},"/a":null},"ExposedPorts":{"80/TCP":{},"80/tcp":{}},"Env":["a=1","A=1"]}}
            """)).Value;

        Assert.Equal(3, config.Config!.Labels.Count);
        Assert.Equal(["/A", "/a"], config.Config.Volumes);
    }

    [Theory]
    [InlineData(null, null, MediaTypes.ImageManifest)]
    [InlineData(null, MediaTypes.DockerManifest, MediaTypes.DockerManifest)]
    [InlineData(null, "", MediaTypes.ImageManifest)]
    [InlineData("", MediaTypes.ImageManifest, MediaTypes.ImageManifest)]
    [InlineData(MediaTypes.DockerManifest, null, MediaTypes.DockerManifest)]
    [InlineData(MediaTypes.DockerManifest, MediaTypes.DockerManifest, MediaTypes.DockerManifest)]
    public void Parse_AgreesOnTheMediaType(string? declared, string? announced, string expected)
    {
        string field = declared is null ? "" : $"\"mediaType\":\"{declared}\",";
        byte[] bytes = Utf8($$"""{{{field}}"config":{{Blob}},"layers":[]}""");

        Assert.Equal(expected, OciDocument<ImageManifest>.Parse(bytes, announced).Descriptor.MediaType);
    }

    [Theory]
    [InlineData(MediaTypes.ImageManifest, MediaTypes.DockerManifest)] // two readers would choose two ways
    [InlineData(MediaTypes.ImageIndex, null)]
    [InlineData(null, MediaTypes.ImageIndex)]
    [InlineData(null, "application/json")]
    [InlineData(MediaTypes.DockerManifestSchema1, null)] // M12
    [InlineData(null, MediaTypes.DockerManifestSchema1Signed)] // M12
    public void Parse_RefusesAnotherMediaType(string? declared, string? announced)
    {
        string field = declared is null ? "" : $"\"mediaType\":\"{declared}\",";
        byte[] bytes = Utf8($$"""{{{field}}"config":{{Blob}},"layers":[]}""");

        var error = Assert.Throws<DocumentFormatException>(() => OciDocument<ImageManifest>.Parse(bytes, announced));

        Assert.Equal("$.mediaType", error.Path);
    }

    [Theory]
    [InlineData("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z")]
    [InlineData("2024-01-02T03:04:05.123456789Z", "2024-01-02T03:04:05.1234567Z")] // finer than a tick
    [InlineData("2024-01-02T03:04:05.100Z", "2024-01-02T03:04:05.1Z")]
    [InlineData("2024-01-02T03:04:05+02:00", "2024-01-02T03:04:05+02:00")]
    [InlineData("2024-01-02T03:04:05-07:30", "2024-01-02T03:04:05-07:30")]
    [InlineData("2024-01-02T03:04:05+23:59", "2024-01-01T03:05:05Z")] // an offset that no zone has
    [InlineData("2024-01-02t03:04:05z", "2024-01-02T03:04:05Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z")] // Go's zero
    [InlineData("0001-01-01T00:00:00+01:00", "0001-01-01T00:00:00Z")] // before what can be held
    [InlineData("0000-02-29T00:00:00Z", "0001-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.9999999Z")]
    [InlineData("9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59.9999999Z")]
    public void Created_IsReadAsGoReadsIt(string text, string written)
    {
        byte[] bytes = Utf8("""{"rootfs":{"type":"layers","diff_ids":[]},"created":""" + $"\"{text}\"}}");

        ImageConfig config = OciDocument<ImageConfig>.Parse(bytes).Value;

        Assert.Contains($"\"created\":\"{written}\"", Text(OciDocument<ImageConfig>.Create(config).Bytes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("2024-01-02")]
    [InlineData("2024-01-02T03:04:05")]
    [InlineData("2024-01-02 03:04:05Z")]
    [InlineData("2024-13-02T03:04:05Z")]
    [InlineData("2023-02-29T03:04:05Z")]
    [InlineData("0001-02-29T03:04:05Z")]
    [InlineData("2024-01-02T24:00:00Z")]
    [InlineData("2024-01-02T03:04:60Z")]
    [InlineData("2024-01-02T03:04:05.Z")]
    [InlineData("2024-01-02T03:04:05,1Z")]
    [InlineData("2024-01-02T03:04:05+2:00")]
    [InlineData("2024-01-02T03:04:05+24:00")]
    [InlineData("2024-01-02T03:04:05ZZ")]
    [InlineData("+024-01-02T03:04:05Z")]
    public void Created_IsRefusedWhereItIsNoTime(string text)
    {
        byte[] bytes = Utf8("""{"rootfs":{"type":"layers","diff_ids":[]},"created":""" + $"\"{text}\"}}");

        var error = Assert.Throws<DocumentFormatException>(() => OciDocument<ImageConfig>.Parse(bytes));

        Assert.Equal("$.created", error.Path);
    }

    [Fact]
    public void Equality_IsByContent()
    {
        byte[] bytes = Utf8($$"""{"config":{{Blob}},"layers":[{{Blob}}],"annotations":{"a":"1","b":"2"},"x":[1]}""");
        ImageManifest left = OciDocument<ImageManifest>.Parse(bytes).Value;
        ImageManifest right = OciDocument<ImageManifest>.Parse(bytes).Value;

        Assert.Equal(left, right);
        Assert.Equal(left.GetHashCode(), right.GetHashCode());
        Assert.NotEqual(left, right with { Annotations = new Dictionary<string, string>() });
        Assert.Equal(new HistoryEntry { CreatedBy = "x" }, new HistoryEntry { CreatedBy = "x" });
        Assert.Equal(new ImageConfig { Os = "linux" }, new ImageConfig { Os = "linux", History = [] });
        Assert.NotEqual(new ImageConfig { Os = "linux" }, new ImageConfig { Os = "windows" });
    }

    [Fact]
    public void Create_RefusesWhatWouldNotBeReadAgain()
    {
        Descriptor blob = Descriptor.Empty;
        Assert.Throws<ArgumentException>(() => OciDocument<ImageManifest>.Create(new ImageManifest { Config = null! }));
        Assert.Throws<ArgumentException>(() => OciDocument<ImageManifest>.Create(
            new ImageManifest { Config = blob with { Digest = default } }));
        Assert.Throws<ArgumentException>(() => OciDocument<ImageManifest>.Create(
            new ImageManifest { Config = blob, Layers = [null!] }));
        Assert.Throws<ArgumentException>(() => OciDocument<ImageManifest>.Create(
            new ImageManifest { Config = blob, MediaType = MediaTypes.ImageIndex }));
        Assert.Throws<ArgumentException>(() => OciDocument<ImageManifest>.Create(
            new ImageManifest { Config = blob, MediaType = MediaTypes.ImageManifest }, MediaTypes.DockerManifest));
        Assert.Throws<ArgumentException>(() => OciDocument<ImageManifest>.Create(
            new ImageManifest { Config = blob, SchemaVersion = 1 }));
        Assert.Throws<NotSupportedException>(() => OciDocument<ImageIndex>.Create(new ImageIndex(), algorithm: "md5"));
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
