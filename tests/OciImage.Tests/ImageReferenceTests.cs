using CsCheck;

namespace OciImage.Tests;

public sealed class ImageReferenceTests
{
    private const string Sha = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const string Hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Theory]
    [InlineData("alpine", "docker.io/library/alpine:latest")]
    [InlineData("alpine:3.20", "docker.io/library/alpine:3.20")]
    [InlineData("alpine@" + Sha, "docker.io/library/alpine@" + Sha)]
    [InlineData("alpine:3.20@" + Sha, "docker.io/library/alpine:3.20@" + Sha)]
    [InlineData("user/app", "docker.io/user/app:latest")]
    [InlineData("docker.io/alpine", "docker.io/library/alpine:latest")]
    [InlineData("index.docker.io/alpine", "docker.io/library/alpine:latest")]
    [InlineData("index.docker.io/user/app", "docker.io/user/app:latest")]
    [InlineData("docker.io/user/app", "docker.io/user/app:latest")]
    [InlineData("localhost/app", "localhost/app:latest")]
    [InlineData("localhost:5000/app", "localhost:5000/app:latest")]
    [InlineData("localhost:5000", "docker.io/library/localhost:5000")] // without a slash it is a tag
    [InlineData("registry:5000/app:1", "registry:5000/app:1")]
    [InlineData("ghcr.io/a/b/c/d:x", "ghcr.io/a/b/c/d:x")]
    [InlineData("foo/bar", "docker.io/foo/bar:latest")]
    [InlineData("Foo/bar", "Foo/bar:latest")] // upper case can only be a host
    [InlineData("127.0.0.1/app", "127.0.0.1/app:latest")]
    [InlineData("[::1]/app", "[::1]/app:latest")]
    [InlineData("[fe80::1]:5000/app:v1", "[fe80::1]:5000/app:v1")]
    [InlineData("a--b/c__d/e.f_g", "docker.io/a--b/c__d/e.f_g:latest")]
    [InlineData("a:A_b.C-1", "docker.io/library/a:A_b.C-1")]
    [InlineData("a@blake3:QmR", "docker.io/library/a@blake3:QmR")]
    [InlineData(Hex + ":tag", "docker.io/library/" + Hex + ":tag")]
    [InlineData("docker.io/" + Hex, "docker.io/library/" + Hex + ":latest")]
    public void Parse_AppliesDockersDefaults(string text, string full)
    {
        var reference = ImageReference.Parse(text);

        Assert.Equal(full, reference.ToString());
        Assert.Equal(reference, ImageReference.ParseStrict(full));
        Assert.True(ImageReference.TryParse(text, out ImageReference? same));
        Assert.Equal(reference, same);
    }

    [Theory]
    [InlineData("")]
    [InlineData(":tag")]
    [InlineData("@" + Sha)]
    [InlineData("Alpine")] // repositories are lower-case
    [InlineData("docker.io/Alpine")]
    [InlineData(Hex)] // reads like the identifier of a local image
    [InlineData("a:")]
    [InlineData("a:.x")]
    [InlineData("a:-x")]
    [InlineData("a:x y")]
    [InlineData("a:b:c")]
    [InlineData("a@")]
    [InlineData("a@sha256:e3b0")]
    [InlineData("a@" + Sha + "@" + Sha)]
    [InlineData("a/")]
    [InlineData("/a")]
    [InlineData("a//b")]
    [InlineData("a/../b")]
    [InlineData("a/./b")]
    [InlineData("a..b")]
    [InlineData("a___b")]
    [InlineData("a._b")]
    [InlineData("_a")]
    [InlineData("a_")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("a b")]
    [InlineData(" a")]
    [InlineData("a\n")]
    [InlineData("a\0")]
    [InlineData("é")]
    [InlineData("https://docker.io/a")]
    [InlineData("user@host.io/a")]
    [InlineData("-host.io/a")]
    [InlineData("host-.io/a")]
    [InlineData("ho_st.io/a")]
    [InlineData("host..io/a")]
    [InlineData("host.io:/a")]
    [InlineData("host.io:0/a")]
    [InlineData("host.io:65536/a")]
    [InlineData("host.io:80:80/a")]
    [InlineData("[::1/a")]
    [InlineData("[::1]x/a")]
    [InlineData("[x]/a")]
    [InlineData("[]/a")]
    public void Parse_RefusesWhatIsNoReference(string text)
    {
        var error = Assert.Throws<FormatException>(() => ImageReference.Parse(text));

        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
        Assert.False(ImageReference.TryParse(text, out _));
        Assert.Throws<FormatException>(() => ImageReference.ParseStrict(text));
    }

    [Theory]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public void Parse_LimitsTheTag(int length, bool valid) =>
        Assert.Equal(valid, ImageReference.TryParse("a:" + new string('t', length), out _));

    [Theory]
    [InlineData(255, true)]
    [InlineData(256, false)]
    public void Parse_LimitsTheRepository(int length, bool valid) =>
        Assert.Equal(valid, ImageReference.TryParse("host.io/" + new string('r', length), out _));

    [Fact]
    public void Parse_LimitsTheRepositoryWithWhatItAdds() =>
        Assert.False(ImageReference.TryParse(new string('r', 250), out _));

    [Theory]
    [InlineData("alpine:1")] // no registry
    [InlineData("docker.io/library/alpine")] // neither tag nor digest
    public void ParseStrict_WantsEverythingSpelledOut(string text)
    {
        Assert.True(ImageReference.TryParse(text, out _));
        Assert.Throws<FormatException>(() => ImageReference.ParseStrict(text));
    }

    [Fact]
    public void ParseStrict_AddsNothing()
    {
        var reference = ImageReference.ParseStrict("docker.io/alpine:3");

        Assert.Equal("alpine", reference.Repository);
    }

    [Fact]
    public void Reference_IsTheDigestWhereThereIsOne()
    {
        Assert.Equal(Sha, ImageReference.Parse("a:1@" + Sha).Reference);
        Assert.Equal("1", ImageReference.Parse("a:1").Reference);
        Assert.Throws<InvalidOperationException>(() => (ImageReference.Parse("a") with { Tag = null }).Reference);
    }

    [Fact]
    public void With_RefusesWhatParseWouldRefuse()
    {
        var reference = ImageReference.Parse("a:1");

        Assert.Throws<ArgumentException>(() => reference with { Registry = "a/b" });
        Assert.Throws<ArgumentException>(() => reference with { Registry = null! });
        Assert.Throws<ArgumentException>(() => reference with { Repository = "A" });
        Assert.Throws<ArgumentException>(() => reference with { Repository = "../a" });
        Assert.Throws<ArgumentException>(() => reference with { Tag = "" });
        Assert.Throws<ArgumentException>(() => reference with { Tag = "a/b" });
        Assert.Throws<ArgumentException>(() => reference with { Digest = default(Digest) });
        Assert.Equal("docker.io", (reference with { Registry = "index.docker.io" }).Registry);
    }

    [Fact]
    public void ToString_IsReadAsAnEqualReference()
    {
        Gen<string> component = Gen.String[Gen.Char["abc019"], 1, 8];
        Gen<string> host = Gen.OneOf(Array.ConvertAll(new[] { "docker.io", "ghcr.io", "localhost:5000", "[::1]:5000", "Host.example:1", "10.0.0.1" }, Gen.Const));
        Gen<string> tag = Gen.String[Gen.Char["abzABZ019"], 1, 20];
        Gen<string> separator = Gen.OneOf(Array.ConvertAll(new[] { ".", "_", "__", "-", "---", "/" }, Gen.Const));

        Gen.Select(host, component, separator, component, tag, Gen.Bool).Sample((registry, left, middle, right, name, pinned) =>
        {
            var reference = new ImageReference
            {
                Registry = registry,
                Repository = left + middle + right,
                Tag = name,
                Digest = pinned ? Digest.Compute("x"u8) : null,
            };

            Assert.Equal(reference, ImageReference.ParseStrict(reference.ToString()));
        });
    }

    [Fact]
    public void TryParse_NeverThrowsAndGivesWhatItReadsAgain() =>
        Gen.String[Gen.Char["aA0:/@._-[] é\0"], 0, 40].Sample(text =>
        {
            if (ImageReference.TryParse(text, out ImageReference? reference))
            {
                Assert.Equal(reference, ImageReference.ParseStrict(reference.ToString()));
            }
        });
}
