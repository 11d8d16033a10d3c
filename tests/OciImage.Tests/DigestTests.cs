using CsCheck;

namespace OciImage.Tests;

public sealed class DigestTests
{
    private const string EmptySha256 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const string EmptySha512 =
        "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce" +
        "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";

    [Theory]
    [InlineData(Digest.Sha256, EmptySha256)]
    [InlineData(Digest.Sha512, EmptySha512)]
    public void Compute_KnowsTheRegisteredAlgorithms(string algorithm, string expected)
    {
        Digest digest = Digest.Compute([], algorithm);

        Assert.Equal(expected, digest.ToString());
        Assert.Equal(algorithm, digest.Algorithm);
        Assert.True(digest.CanVerify);
        Assert.Equal(Digest.Parse(expected), digest);
    }

    [Theory]
    [InlineData("sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564")] // the specification's example
    [InlineData("multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8")] // the specification's example
    [InlineData("blake3:ABC")]
    [InlineData("sha384:xyz=")]
    [InlineData("a.b_c-d+e:0")]
    public void Parse_CarriesUnregisteredAlgorithms(string text)
    {
        Digest digest = Digest.Parse(text);

        Assert.Equal(text, digest.ToString());
        Assert.Equal(text[(text.IndexOf(':', StringComparison.Ordinal) + 1)..], digest.Encoded);
        Assert.False(digest.CanVerify);
        Assert.Throws<NotSupportedException>(() => Digest.Compute([], digest.Algorithm));
    }

    [Theory]
    [InlineData("")]
    [InlineData("sha256")]
    [InlineData("sha256:")]
    [InlineData(":e3b0")]
    [InlineData("sha256:e3b0")] // too short
    [InlineData(EmptySha256 + "0")] // too long
    [InlineData("sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")] // registered is lower-case
    [InlineData("sha256:g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")] // no hexadecimal
    [InlineData("SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")] // the other one's length
    [InlineData(" " + EmptySha256)]
    [InlineData(EmptySha256 + "\n")]
    [InlineData("a++b:c")] // a separator between nothing
    [InlineData("+a:b")]
    [InlineData("a:b:c")]
    [InlineData("a:b/../c")] // a digest becomes part of a path
    [InlineData("../a:b")]
    public void Parse_RefusesWhatIsNoDigest(string text)
    {
        Assert.Throws<FormatException>(() => Digest.Parse(text));
        Assert.Throws<FormatException>(() => Digest.Parse(text.AsSpan()));
        Assert.False(Digest.TryParse(text, out Digest digest));
        Assert.True(digest.IsEmpty);
    }

    [Fact]
    public void Parse_RefusesEndlessText()
    {
        Assert.False(Digest.TryParse("x:" + new string('a', Digest.MaxLength), out _));
    }

    [Fact]
    public void Default_NamesNothing()
    {
        Digest none = default;

        Assert.True(none.IsEmpty);
        Assert.False(none.CanVerify);
        Assert.Equal("", none.ToString());
        Assert.Equal("", none.Algorithm);
        Assert.Equal("", none.Encoded);
        Assert.NotEqual(none, Digest.Compute([]));
    }

    [Fact]
    public void FromHash_RefusesAnotherLength()
    {
        Assert.Throws<ArgumentException>(() => Digest.FromHash(Digest.Sha256, new byte[31]));
        Assert.Throws<NotSupportedException>(() => Digest.FromHash("md5", new byte[16]));
    }

    [Fact]
    public void Parse_ReadsWhatToStringWrites() =>
        Gen.Byte.Array[0, 200].Select(Gen.Bool).Sample((content, wide) =>
        {
            Digest digest = Digest.Compute(content, wide ? Digest.Sha512 : Digest.Sha256);

            Assert.Equal(digest, Digest.Parse(digest.ToString()));
            Assert.Equal(digest.GetHashCode(), Digest.Parse(digest.ToString()).GetHashCode());
            Assert.Equal(0, digest.CompareTo(Digest.Parse(digest.ToString())));
        });

    [Fact]
    public void TryParse_NeverThrows() =>
        Gen.String[Gen.Char["aA0:+._-/=é\0 "], 0, 80].Sample(text =>
        {
            if (Digest.TryParse(text, out Digest digest))
            {
                Assert.Equal(text, digest.ToString());
            }
        });
}
