namespace OciImage.Tests;

public sealed class DescriptorTests
{
    private static readonly Descriptor Hello = Descriptor.Create("text/plain", "hello"u8);

    [Fact]
    public void Create_DescribesTheBytes()
    {
        Assert.Equal("text/plain", Hello.MediaType);
        Assert.Equal(5, Hello.Size);
        Assert.Equal("sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", Hello.Digest.ToString());
        Assert.Equal(Digest.Sha512, Descriptor.Create("text/plain", "hello"u8, Digest.Sha512).Digest.Algorithm);
        Assert.Throws<NotSupportedException>(() => Descriptor.Create("text/plain", "hello"u8, "md5"));
        Assert.Throws<ArgumentException>(() => Descriptor.Create("", "hello"u8));
    }

    [Fact]
    public void Empty_IsTheSpecifications()
    {
        Assert.Equal("application/vnd.oci.empty.v1+json", Descriptor.Empty.MediaType);
        Assert.Equal(2, Descriptor.Empty.Size);
        Assert.Equal(
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", Descriptor.Empty.Digest.ToString());
    }

    [Fact]
    public void Size_IsNeverNegative() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Hello with { Size = -1 });

    [Fact]
    public void Equality_ComparesEveryFieldByValue()
    {
        Descriptor left = Full();
        Descriptor right = Full();

        Assert.Equal(left, right);
        Assert.Equal(left.GetHashCode(), right.GetHashCode());
        Assert.NotEqual(left, right with { Urls = ["https://b", "https://a"] });
        Assert.NotEqual(left, right with { Annotations = new Dictionary<string, string> { ["a"] = "1" } });
        Assert.NotEqual(left, right with { Data = null });
        Assert.NotEqual(left, right with { Data = "other"u8.ToArray() });
        Assert.NotEqual(left, right with { Platform = null });
        Assert.NotEqual(left, right with { ArtifactType = null });
        Assert.NotEqual(left, right with { MediaType = "text/html" });
        Assert.NotEqual(left, right with { Size = 6 });
    }

    [Fact]
    public void Equality_DoesNotDependOnTheOrderOfAnnotations()
    {
        Descriptor left = Hello with { Annotations = new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" } };
        Descriptor right = Hello with { Annotations = new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" } };

        Assert.Equal(left, right);
    }

    [Fact]
    public void ToContentDescriptor_KeepsOnlyWhatTheContentIs() =>
        Assert.Equal(Hello, Full().ToContentDescriptor());

    [Fact]
    public void TryGetVerifiedData_GivesTheContent()
    {
        Assert.True(Full().TryGetVerifiedData(out ReadOnlyMemory<byte> data));
        Assert.Equal("hello"u8, data.Span);
    }

    [Theory]
    [InlineData("hellO")] // M09: another digest
    [InlineData("hello ")] // M09: another size
    [InlineData("")]
    public void TryGetVerifiedData_DoesNotGiveOtherContent(string text)
    {
        Descriptor descriptor = Hello with { Data = System.Text.Encoding.UTF8.GetBytes(text) };

        Assert.False(descriptor.TryGetVerifiedData(out ReadOnlyMemory<byte> data));
        Assert.True(data.IsEmpty);
    }

    [Fact]
    public void TryGetVerifiedData_DoesNotGiveWhatCannotBeVerified()
    {
        Descriptor descriptor = Hello with { Digest = Digest.Parse("blake3:x"), Data = "hello"u8.ToArray() };

        Assert.False(descriptor.TryGetVerifiedData(out _));
        Assert.False(Hello.TryGetVerifiedData(out _));
    }

    private static Descriptor Full() => Hello with
    {
        Urls = ["https://a", "https://b"],
        Annotations = new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" },
        Data = "hello"u8.ToArray(),
        Platform = Platform.Parse("linux/amd64"),
        ArtifactType = "application/example",
    };
}
