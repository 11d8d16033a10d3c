using System.Text;
using CsCheck;
using OciImage.Fuzz.Targets;
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

    public static TheoryData<string> Corpus =>
        [.. Directory.GetFiles(CorpusDirectory).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private static string CorpusDirectory => Path.Combine(AppContext.BaseDirectory, "Corpus", "config.json");

    [Fact]
    public void Parse_OfAnyBytesAnswersOrRefuses() => Gen.Byte.Array[0, 60].Sample(bytes => { ConfigTarget.Take(bytes); }, iter: Iterations);

    [Fact]
    public void Parse_OfAnyJsonAnswersOrRefuses() =>
        Gen.Int[0, Tokens.Length - 1].Select(index => Tokens[index])
            .Array[0, 20].Sample(tokens => { ConfigTarget.Take(Encoding.UTF8.GetBytes(string.Concat(tokens))); }, iter: Iterations);

    [Fact]
    public void Parse_OfADamagedFileAnswersOrRefuses() =>
        Gen.Int[0, Whole.Length - 1].Select(Gen.Byte).Array[1, 4].Sample(changes =>
        {
            byte[] bytes = Encoding.UTF8.GetBytes(Whole);
            foreach ((int position, byte value) in changes)
            {
                bytes[position] = value;
            }

            ConfigTarget.Take(bytes);
        }, iter: Iterations);

    [Theory]
    [MemberData(nameof(Corpus))]
    public void Parse_OfTheCorpusAnswersOrRefuses(string name)
    {
        byte[] bytes = File.ReadAllBytes(Path.Combine(CorpusDirectory, name));

        bool answered = ConfigTarget.Take(bytes);

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
}
