using System.Text;
using CsCheck;

namespace OciImage.Tests;

public sealed class OciDocumentAttackTests
{
    private const string Sha = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    // Rows have FIELDS, BLOB, SHA and CONTROL for these.
    private const string Fields = "\"mediaType\":\"application/x\",\"digest\":\"" + Sha + "\",\"size\":0";
    private const string Blob = "{" + Fields + "}";

    public static TheoryData<string, string?> BadManifests { get; } = new()
    {
        { """{"config":BLOB,"layers":[],"manifests":[]}""", "$.manifests" }, // M01
        { """{"config":BLOB,"layers":[],"Manifests":null}""", "$.Manifests" }, // M01, regardless of case
        { """{"config":BLOB,"layers":[],"manifeſts":[]}""", "$.manifeſts" }, // M01, Go folds the long s
        { """{"config":BLOB,"fsLayers":[]}""", "$.fsLayers" }, // M12
        { """{"config":BLOB,"FSLAYERS":[]}""", "$.FSLAYERS" }, // M12
        { """{"schemaVersion":1,"config":BLOB}""", "$.schemaVersion" }, // M12
        { """{"schemaVersion":3,"config":BLOB}""", "$.schemaVersion" },
        { """{"schemaVersion":0,"config":BLOB}""", "$.schemaVersion" },
        { """{"schemaVersion":2.0,"config":BLOB}""", "$.schemaVersion" },
        { """{"schemaVersion":"2","config":BLOB}""", "$.schemaVersion" }, // M17
        { """{"config":BLOB,"layers":[],"layers":[]}""", "$.layers" }, // M03
        { """{"config":BLOB,"layers":[],"Layers":[]}""", "$.Layers" }, // M03
        { """{"config":BLOB,"Layers":[]}""", "$.Layers" }, // only Go's readers would find it
        { """{"config":BLOB,"layerſ":[]}""", "$.layerſ" },
        { """{"config":BLOB,"la\u0079ers":[],"layers":[]}""", "$.layers" }, // the same name, escaped
        { """{"config":BLOB,"x":1,"x":2}""", "$.x" },
        { """{"config":BLOB,"x":1,"X":2}""", "$.X" },
        { """{"config":BLOB,"x":[{"y":{"z":1,"z":2}}]}""", "$.x[0].y.z" }, // nested in what is not known
        { """{"config":{FIELDS,"size":1}}""", "$.config.size" }, // M03, nested
        { """{"config":{FIELDS,"Digest":"SHA"}}""", "$.config.Digest" }, // M03, nested
        { """{"config":BLOB,"layers":[BLOB,{FIELDS,"SIZE":1}]}""", "$.layers[1].SIZE" },
        { """{"config":{FIELDS,"platform":{"os":"linux","architecture":"a","OS":"windows"}}}""", "$.config.platform.OS" },
        { """{"config":{FIELDS,"annotations":{"a":"1","a":"2"}}}""", "$.config.annotations.a" },
        { """{"config":BLOB,"subject":{FIELDS,"Data":""}}""", "$.subject.Data" },
        { """{"layers":[]}""", "$.config" },
        { """{"config":null,"layers":[]}""", "$.config" },
        { """{"config":[],"layers":[]}""", "$.config" },
        { """{"config":BLOB,"layers":{}}""", "$.layers" },
        { """{"config":BLOB,"layers":[null]}""", "$.layers[0]" },
        { """{"config":BLOB,"layers":[[]]}""", "$.layers[0]" },
        { """{"config":BLOB,"annotations":{"a":1}}""", "$.annotations.a" },
        { """{"config":BLOB,"annotations":{"a":null}}""", "$.annotations.a" },
        { """{"config":BLOB,"annotations":[]}""", "$.annotations" },
        { """{"config":BLOB,"mediaType":1}""", "$.mediaType" },
        { """{"config":{"digest":"SHA","size":0}}""", "$.config.mediaType" },
        { """{"config":{"mediaType":"a","size":0}}""", "$.config.digest" },
        { """{"config":{"mediaType":"a","digest":"sha256:x","size":0}}""", "$.config.digest" },
        { """{"config":{"mediaType":"a","digest":"","size":0}}""", "$.config.digest" },
        { """{"config":{"mediaType":"a","digest":1,"size":0}}""", "$.config.digest" },
        { """{"config":{"mediaType":"a","digest":"SHA"}}""", "$.config.size" }, // M07
        { Sized("-1"), "$.config.size" }, // M07
        { Sized("9223372036854775808"), "$.config.size" }, // M07
        { Sized("1e3"), "$.config.size" }, // M17
        { Sized("1.0"), "$.config.size" }, // M17
        { Sized("1e400"), "$.config.size" }, // M17
        { Sized("\"1\""), "$.config.size" }, // M17
        { Sized("null"), "$.config.size" },
        { Sized("true"), "$.config.size" },
        { Sized("01"), null },
        { Sized("0x1"), null },
        { Sized("NaN"), null },
        { """{"config":{FIELDS,"data":"***"}}""", "$.config.data" }, // M09
        { """{"config":{FIELDS,"data":"AA"}}""", "$.config.data" }, // M09, padding is missing
        { """{"config":{FIELDS,"data":[1]}}""", "$.config.data" }, // M09
        { """{"config":{FIELDS,"urls":"a"}}""", "$.config.urls" },
        { """{"config":{FIELDS,"urls":[null]}}""", "$.config.urls[0]" },
        { """{"config":{FIELDS,"platform":[]}}""", "$.config.platform" },
        { """{"config":{FIELDS,"platform":{"os.features":"x"}}}""", "$.config.platform.os.features" },
        { """{"config":BLOB}x""", null }, // M18
        { """{"config":BLOB}{}""", null }, // M18
        { """{"config":BLOB}""" + "\0", null }, // M18
        { """{"config":BLOB,}""", null },
        { """{"config":BLOB/**/}""", null },
        { """{'config':BLOB}""", null },
        { """{"config":BLOB""", null },
        { """{"config":BLOB,"x":"\ud800"}""", null }, // half a character
        { """{"config":BLOB,"\ud800":1}""", null },
        { """{"config":BLOB,"x":"CONTROL"}""", null },
        { "", null },
        { " ", null },
        { "null", null },
        { "[]", null },
        { "1", null },
        { "\"x\"", null },
    };

    public static TheoryData<string, string?> BadIndexes { get; } = new()
    {
        { """{"manifests":[],"config":BLOB}""", "$.config" }, // M01
        { """{"manifests":[],"layers":[]}""", "$.layers" }, // M01
        { """{"manifests":[],"LAYERS":[]}""", "$.LAYERS" }, // M01
        { """{"manifests":[],"fslayers":[]}""", "$.fslayers" }, // M12
        { """{"manifests":[],"Manifests":[]}""", "$.Manifests" }, // M03
        { """{"manifests":{}}""", "$.manifests" },
        { """{"schemaVersion":1}""", "$.schemaVersion" },
        { """{"manifests":[{}]}""", "$.manifests[0].mediaType" },
        { """{"manifests":[{FIELDS,"Platform":{}}]}""", "$.manifests[0].Platform" },
    };

    public static TheoryData<string, string?> BadConfigs { get; } = new()
    {
        { "{}", "$.rootfs" },
        { """{"rootfs":null}""", "$.rootfs" },
        { """{"rootfs":{}}""", "$.rootfs.type" },
        { """{"rootfs":{"type":"layers+base","diff_ids":[]}}""", "$.rootfs.type" },
        { """{"rootfs":{"type":"layers","diff_ids":"x"}}""", "$.rootfs.diff_ids" },
        { """{"rootfs":{"type":"layers","diff_ids":[null]}}""", "$.rootfs.diff_ids[0]" },
        { """{"rootfs":{"type":"layers","diff_ids":["x"]}}""", "$.rootfs.diff_ids" },
        { Config("\"RootFS\":{}"), "$.RootFS" },
        { Config("\"manifests\":[]"), "$.manifests" }, // M01
        { Config("\"layers\":[]"), "$.layers" }, // M01
        { Config("\"config\":{\"User\":\"a\",\"user\":\"root\"}"), "$.config.user" }, // M03
        { Config("\"config\":{\"Worſ\":1,\"WorKingDir\":\"/\"}"), "$.config.WorKingDir" }, // the Kelvin sign
        { Config("\"config\":{\"Env\":\"A=b\"}"), "$.config.Env" },
        { Config("\"config\":{\"Env\":[1]}"), "$.config.Env[0]" },
        { Config("\"config\":{\"Labels\":{\"a\":{}}}"), "$.config.Labels.a" },
        { Config("\"config\":{\"Labels\":{\"a\":\"1\",\"a\":\"2\"}}"), "$.config.Labels.a" },
        { Config("\"config\":{\"Volumes\":[\"/\"]}"), "$.config.Volumes" },
        { Config("\"config\":{\"ArgsEscaped\":1}"), "$.config.ArgsEscaped" },
        { Config("\"config\":{\"StopTimeout\":4294967296}"), "$.config.StopTimeout" },
        { Config("\"config\":{\"Healthcheck\":{\"Interval\":1.5}}"), "$.config.Healthcheck.Interval" },
        { Config("\"config\":{\"Healthcheck\":{\"test\":[]}}"), "$.config.Healthcheck.test" },
        { Config("\"history\":{}"), "$.history" },
        { Config("\"history\":[null]"), "$.history[0]" },
        { Config("\"history\":[{\"empty_layer\":\"true\"}]"), "$.history[0].empty_layer" },
        { Config("\"history\":[{\"Empty_Layer\":true}]"), "$.history[0].Empty_Layer" },
        { Config("\"created\":0"), "$.created" },
        { Config("\"os\":null,\"OS\":\"x\""), "$.OS" },
    };

    [Theory]
    [MemberData(nameof(BadManifests))]
    public void Parse_RefusesABadManifest(string json, string? path) => AssertRefused<ImageManifest>(json, path);

    [Theory]
    [MemberData(nameof(BadIndexes))]
    public void Parse_RefusesABadIndex(string json, string? path) => AssertRefused<ImageIndex>(json, path);

    [Theory]
    [MemberData(nameof(BadConfigs))]
    public void Parse_RefusesABadConfig(string json, string? path) => AssertRefused<ImageConfig>(json, path);

    [Fact]
    public void Parse_RefusesABadLayoutHeader()
    {
        AssertRefused<OciLayoutHeader>("{}", "$.imageLayoutVersion");
        AssertRefused<OciLayoutHeader>("""{"imageLayoutVersion":1}""", "$.imageLayoutVersion");
        AssertRefused<OciLayoutHeader>("""{"ImageLayoutVersion":"1.0.0"}""", "$.ImageLayoutVersion");
    }

    // M18
    [Fact]
    public void Parse_RefusesOtherEncodings()
    {
        string json = Encoding.UTF8.GetString(Utf8("""{"config":BLOB,"annotations":{"a":"é"}}"""));

        AssertRefused<ImageManifest>([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(json)]);
        AssertRefused<ImageManifest>(Encoding.Unicode.GetBytes(json));
        AssertRefused<ImageManifest>([.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(json)]);
        AssertRefused<ImageManifest>(Encoding.BigEndianUnicode.GetBytes(json));
        AssertRefused<ImageManifest>(Encoding.UTF32.GetBytes(json));
        AssertRefused<ImageManifest>(Encoding.Latin1.GetBytes(json));
    }

    // M18
    [Theory]
    [InlineData("""{"x":"?","config":BLOB}""")] // in what is not known
    [InlineData("""{"config":BLOB,"?":1}""")]
    [InlineData("""{"config":BLOB,"annotations":{"?":"a"}}""")]
    [InlineData("""{"config":BLOB,"annotations":{"a":"?"}}""")]
    public void Parse_RefusesInvalidUtf8Anywhere(string template)
    {
        byte[] bytes = Utf8(template);
        int place = bytes.AsSpan().IndexOf((byte)'?');
        foreach (byte[] bad in new byte[][] { [0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xC3], [0xF4, 0x90, 0x80, 0x80] })
        {
            AssertRefused<ImageManifest>([.. bytes[..place], .. bad, .. bytes[(place + 1)..]]);
        }
    }

    [Fact]
    public void Parse_RefusesDeepNesting()
    {
        string deep = string.Concat(Enumerable.Repeat("[", 100_000));

        AssertRefused<ImageManifest>("""{"config":BLOB,"x":""" + deep, null);
        AssertRefused<ImageManifest>(deep, null);
    }

    // M05
    [Fact]
    public void Parse_RefusesLongDocuments()
    {
        byte[] bytes = Utf8("""{"config":BLOB}""" + new string(' ', DocumentOptions.DefaultMaxSize));

        var error = Assert.Throws<DocumentFormatException>(() => OciDocument<ImageManifest>.Parse(bytes));

        Assert.Contains("4194304", error.Message, StringComparison.Ordinal);
        Assert.NotNull(OciDocument<ImageManifest>.Parse(bytes, options: new DocumentOptions { MaxSize = bytes.Length }));
    }

    // M06
    [Fact]
    public void Parse_RefusesMoreItemsThanAllowed()
    {
        var options = new DocumentOptions { MaxItems = 3 };
        string layers = string.Join(',', Enumerable.Repeat("BLOB", 4));
        string annotations = string.Join(',', Enumerable.Range(0, 4).Select(i => $"\"{i}\":\"\""));

        AssertRefused<ImageManifest>("""{"config":BLOB,"layers":[""" + layers + "]}", "$.layers", options);
        AssertRefused<ImageManifest>("""{"config":BLOB,"annotations":{""" + annotations + "}}", "$.annotations", options);
        AssertRefused<ImageManifest>("""{"config":BLOB,"x":[1,2,3,4]}""", "$.x", options);
    }

    // M06
    [Fact]
    public void Parse_ReadsAMillionAnnotationsNeitherLongNorAtAll()
    {
        var json = new StringBuilder("""{"config":BLOB,"annotations":{""");
        json.AppendJoin(',', Enumerable.Range(0, 1_000_000).Select(i => $"\"{i}\":\"\"")).Append("}}");

        AssertRefused<ImageManifest>(
            json.ToString(), "$.annotations", new DocumentOptions { MaxSize = 64 * 1024 * 1024 });
        AssertRefused<ImageManifest>(json.ToString(), null);
    }

    // M07
    [Fact]
    public void Parse_CarriesAHugeSizeAsData()
    {
        byte[] bytes = Utf8(Sized("4611686018427387904"));

        Assert.Equal(1L << 62, OciDocument<ImageManifest>.Parse(bytes).Value.Config.Size);
    }

    [Fact]
    public void Parse_DoesNotPrintControlCharactersInMessages()
    {
        var error = Assert.Throws<DocumentFormatException>(
            () => OciDocument<ImageManifest>.Parse(Utf8("""{"config":BLOB,"a\u001b[2J\n":1,"A\u001b[2J\n":1}""")));

        Assert.DoesNotContain(error.Message, char.IsControl);
        Assert.DoesNotContain(error.Path!, char.IsControl);
    }

    [Fact]
    public void Options_RefuseWhatMakesNoSense()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new DocumentOptions { MaxSize = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DocumentOptions { MaxItems = 0 });
        Assert.Throws<NotSupportedException>(() => new DocumentOptions { Algorithm = "md5" });
    }

    [Fact]
    public void Parse_ThrowsNothingElseForDamagedBytes()
    {
        byte[] whole = Utf8(
            """{"schemaVersion":2,"config":{FIELDS,"data":"","platform":{"os":"a","architecture":"b"}},"layers":[BLOB],"x":{"y":1}}""");

        Gen.Int[0, whole.Length - 1].Select(Gen.Byte, Gen.Int[0, 9].Select(cut => cut == 0)).Array[1, 3].Sample(changes =>
        {
            byte[] bytes = [.. whole];
            foreach ((int place, byte value, bool cut) in changes)
            {
                bytes[place % bytes.Length] = value;
                bytes = cut ? bytes[..Math.Clamp(place, 1, bytes.Length)] : bytes;
            }

            try
            {
                var document = OciDocument<ImageManifest>.Parse(bytes);

                Assert.Equal(document.Value, OciDocument<ImageManifest>.Parse(
                    OciDocument<ImageManifest>.Create(document.Value).Bytes).Value);
            }
            catch (DocumentFormatException exception)
            {
                Assert.NotEmpty(exception.Message);
            }
        }, iter: 3_000);
    }

    private static string Sized(string size) =>
        """{"config":{"mediaType":"a","digest":"SHA","size":""" + size + "}}";

    private static string Config(string field) => """{"rootfs":{"type":"layers","diff_ids":[]},""" + field + "}";

    private static byte[] Utf8(string template) => Encoding.UTF8.GetBytes(template
        .Replace("BLOB", Blob, StringComparison.Ordinal)
        .Replace("FIELDS", Fields, StringComparison.Ordinal)
        .Replace("SHA", Sha, StringComparison.Ordinal)
        .Replace("CONTROL", "\u0001", StringComparison.Ordinal));

    private static void AssertRefused<T>(string json, string? path, DocumentOptions? options = null)
        where T : class, IOciDocumentModel<T>
    {
        var error = Assert.Throws<DocumentFormatException>(
            () => OciDocument<T>.Parse(Utf8(json), options: options));

        if (path is not null)
        {
            Assert.StartsWith(path, error.Path, StringComparison.Ordinal);
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
        }
    }

    private static void AssertRefused<T>(byte[] bytes)
        where T : class, IOciDocumentModel<T> =>
        Assert.Throws<DocumentFormatException>(() => OciDocument<T>.Parse(bytes));
}
