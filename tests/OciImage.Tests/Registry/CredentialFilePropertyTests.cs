using System.Text;
using CsCheck;
using OciImage.Registry;
using OciImage.Registry.Stores;

namespace OciImage.Tests.Registry;

public sealed class CredentialFilePropertyTests
{
    private const int Iterations = 20_000;

    private const string Whole =
        """
        {"auths":{"a.example":{"auth":"YW5uOmI="},"a.example/team":{"username":"x","password":"y"},
        "https://index.docker.io/v1/":{"identitytoken":"t"}},"credHelpers":{"b.example":"pass"},"credsStore":"desktop"}
        """;

    private static readonly string[] Tokens =
    [
        "{", "}", "[", "]", ":", ",", "\n", "\"auths\"", "\"credHelpers\"", "\"credsStore\"", "\"a.example\"", "\"auth\"", "\"\"",
        "\"YW5uOmI=\"", "\"../x\"", "\"pass\"", "1", "null", "true", "\"\\ud800\"", "\"\\u0000\"",
    ];

    private static readonly CredentialScope[] Scopes =
    [
        CredentialScope.Of("a.example", "team/app"), CredentialScope.Of("b.example", ""), CredentialScope.Of("docker.io", "library/x"),
    ];

    public static TheoryData<string> Corpus =>
        [.. Directory.GetFiles(CorpusDirectory).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private static string CorpusDirectory => Path.Combine(AppContext.BaseDirectory, "Registry", "Corpus", "config.json");

    [Fact]
    public void Parse_OfAnyBytesAnswersOrRefuses() => Gen.Byte.Array[0, 60].Sample(bytes => { Ask(bytes); }, iter: Iterations);

    [Fact]
    public void Parse_OfAnyJsonAnswersOrRefuses() =>
        Gen.Int[0, Tokens.Length - 1].Select(index => Tokens[index])
            .Array[0, 20].Sample(tokens => { Ask(Encoding.UTF8.GetBytes(string.Concat(tokens))); }, iter: Iterations);

    [Fact]
    public void Parse_OfADamagedFileAnswersOrRefuses() =>
        Gen.Int[0, Whole.Length - 1].Select(Gen.Byte).Array[1, 4].Sample(changes =>
        {
            byte[] bytes = Encoding.UTF8.GetBytes(Whole);
            foreach ((int position, byte value) in changes)
            {
                bytes[position] = value;
            }

            Ask(bytes);
        }, iter: Iterations);

    [Theory]
    [MemberData(nameof(Corpus))]
    public void Parse_OfTheCorpusAnswersOrRefuses(string name)
    {
        byte[] bytes = File.ReadAllBytes(Path.Combine(CorpusDirectory, name));

        bool answered = Ask(bytes);

        Assert.Equal(!name.StartsWith("bad-", StringComparison.Ordinal), answered);
    }

    [Fact]
    public void Scope_OfAnyKeyHasAHostInOneFormAndFindsItself() => Gen.String.Sample(key =>
    {
        CredentialScope scope = CredentialScope.OfKey(key);

        Assert.Equal(scope.Host, scope.Host.ToLowerInvariant());
        Assert.Equal(scope, scope.FromClosest.First());
        Assert.True(scope.FromClosest.Last().IsRegistry);
    });

    // Every question, and every change in memory; returns whether the file was taken.
    private static bool Ask(byte[] bytes)
    {
        try
        {
            foreach (bool isLegacy in (bool[])[false, true])
            {
                foreach (CredentialScope scope in Scopes)
                {
                    ConfigDocument document = ConfigDocument.Parse("file", bytes, isLegacy);
                    Assert.True(document.FindHelper(scope) is not { } helper || CredentialHelper.IsName(helper.Name));
                    if (!isLegacy || !bytes.AsSpan().StartsWith("{\"auths\""u8))
                    {
                        Assert.False(document.FindCredential(scope) is { IsEmpty: true });
                    }

                    if (!isLegacy)
                    {
                        document.Set(scope, new RegistryCredential("ann", "b"));
                        Assert.Equal("ann", document.FindCredential(scope)?.Username);
                        Assert.True(document.Remove(scope));
                        _ = document.Root.ToJsonString();
                    }
                }
            }

            return true;
        }
        catch (DocumentFormatException error)
        {
            Assert.StartsWith("'file' is malformed at line ", error.Message, StringComparison.Ordinal);
            return false;
        }
    }
}
