using CsCheck;
using OciImage.Registry.Hosts;

namespace OciImage.Tests.Registry.Hosts;

public sealed class ParserPropertyTests
{
    private static readonly string CorpusRoot = Path.Combine(AppContext.BaseDirectory, "Registry", "Hosts", "Corpus");

    private static readonly Gen<string> Piece = Gen.OneOf(Array.ConvertAll(new[]
    {
        "[", "]", "[[", "]]", "{", "}", "=", ".", ",", "\"", "'", "\"\"\"", "'''", "\n", "\r\n", "\r", "#", " ", "\t", "\\", "\\u", "\\u00e9",
        "\\U00110000", "\0", "\ufeff", "é", "1", "-1", "1e999", "0x", "nan", "1979-05-27", "07:32:00", "true", "false", "host", "server",
        "capabilities", "ca", "client", "header", "dial_timeout", "registry", "mirror", "prefix", "location", "aliases", "registries.search",
        "unqualified-search-registries", "\"a.example\"", "\"https://a.example\"", "\"*.example\"", "\"app\"", "[host.\"https://a.example\"]\n",
        "[[registry]]\n", "[[registry.mirror]]\n", "location = \"a.example/b\"\n", "[aliases]\n", "app = \"a.example/b\"\n",
    }, Gen.Const));

    public static IEnumerable<TheoryDataRow<string>> Corpus => Directory
        .EnumerateFiles(CorpusRoot, "*", SearchOption.AllDirectories)
        .Select(path => new TheoryDataRow<string>(Path.GetRelativePath(CorpusRoot, path)));

    [Fact]
    public void Parsers_ThrowNothingElseOnAnything() => Piece.Array[0, 40].Sample(pieces => Parse(string.Concat(pieces)));

    [Fact]
    public void Parsers_ThrowNothingElseOnChangedFiles()
    {
        string[] files = [.. Directory.EnumerateFiles(CorpusRoot, "*", SearchOption.AllDirectories).Select(File.ReadAllText)];

        Gen.Int[0, files.Length - 1].Select(Gen.Double[0, 1], Gen.Int[0, 8], Piece).Sample((file, place, cut, piece) =>
        {
            string text = files[file];
            int at = (int)(place * text.Length);
            Parse(text[..at] + piece + text[Math.Min(at + cut, text.Length)..]);
        });
    }

    // What a name of a file begins with says what becomes of it.
    [Theory]
    [MemberData(nameof(Corpus))]
    public void Parsers_ReadTheCorpus(string path)
    {
        string text = File.ReadAllText(Path.Combine(CorpusRoot, path));
        bool isHosts = path.StartsWith("hosts.toml", StringComparison.Ordinal);

        Exception? error = Record.Exception(() =>
        {
            _ = isHosts ? (object)HostsFileParser.Parse(text, "/x/hosts.toml") : RegistriesFileParser.Parse(text, "/x/registries.conf");
        });

        Assert.Equal(Path.GetFileName(path).StartsWith("bad-", StringComparison.Ordinal), error is DocumentFormatException);
        Assert.True(error is null or DocumentFormatException);
    }

    [Theory]
    [InlineData(10_000)]
    [InlineData(1_000_000)]
    public void Parsers_RefuseDepth(int depth)
    {
        Assert.Throws<DocumentFormatException>(() => TomlDocument.Parse("a = " + new string('[', depth), "x"));
        Assert.Throws<DocumentFormatException>(() => TomlDocument.Parse("a = " + string.Concat(Enumerable.Repeat("{a=", depth / 10)), "x"));
        Assert.Throws<DocumentFormatException>(() => TomlDocument.Parse(string.Join('.', Enumerable.Repeat("a", depth / 10)) + " = 1", "x"));
    }

    [Fact]
    public void Parsers_RefuseKeysThatWouldTakeMinutes()
    {
        string key = string.Join('.', Enumerable.Repeat("a", 12_000));
        string many = string.Concat(Enumerable.Range(0, 40).Select(i => $"{key}.k{i} = 1\n"));

        var error = Assert.Throws<DocumentFormatException>(() => TomlDocument.Parse("\n" + many, "x"));

        Assert.Contains("line 2: the line has more than 1024 dots", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Durations_AddressesAndPlacesNeverThrow() =>
        Gen.String[Gen.Char["0159.-+hmsnuµ:/@?#[]*aZ_%\\ \0é"], 0, 40].Sample(text =>
        {
            _ = GoDuration.Parse(text);
            _ = HostAddress.Parse(text, out _);
            _ = RegistryLocation.Parse(text, out _);
            _ = RegistryLocation.ParsePrefix(text, out _);
            _ = ShortName.Split(text);
        });

    private static void Parse(string text)
    {
        try
        {
            _ = HostsFileParser.Parse(text, "/x/hosts.toml");
        }
        catch (DocumentFormatException)
        {
            // The only one that may come.
        }

        try
        {
            _ = RegistriesFileParser.Parse(text, "/x/registries.conf");
        }
        catch (DocumentFormatException)
        {
            // The only one that may come.
        }
    }
}
