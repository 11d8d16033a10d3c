using CsCheck;
using OciImage.Cli.Locations;

namespace OciImage.Cli.Tests.Locations;

public sealed class ImageLocationTests
{
    private const string Hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("oci:dir", "dir", null, null)]
    [InlineData("oci:dir:v1", "dir", "v1", null)]
    [InlineData("oci:/tmp/a:b/c", "/tmp/a:b/c", null, null)] // what follows the last colon is no tag
    [InlineData("oci:/tmp/a:b", "/tmp/a", "b", null)]
    [InlineData("oci:/tmp/a:b:", "/tmp/a:b", null, null)] // a colon at the end says that there is no tag
    [InlineData("oci:a:b:c", "a:b", "c", null)]
    [InlineData("oci:C:\\dir", "C:\\dir", null, null)]
    [InlineData("oci:dir:.v1", "dir:.v1", null, null)] // a tag does not start with a dot
    [InlineData("oci:dir@sha256:" + Hex, "dir", null, "sha256:" + Hex)]
    [InlineData("oci:dir:v1@sha256:" + Hex, "dir", "v1", "sha256:" + Hex)]
    [InlineData("oci:user@host", "user@host", null, null)] // no digest
    [InlineData("oci:me@home:v1", "me@home", "v1", null)] // has the form of a digest, but of no algorithm
    [InlineData("oci:.", ".", null, null)]
    public void Parse_TakesTheLastColonThatATagFollows(string text, string directory, string? tag, string? digest)
    {
        ImageLocation location = ImageLocation.Parse(text);

        LayoutLocation layout = Assert.IsType<LayoutLocation>(location);
        Assert.Equal(directory, layout.Directory);
        Assert.Equal(tag, layout.Tag);
        Assert.Equal(digest, layout.Digest?.ToString());
    }

    [Theory]
    [InlineData("alpine", "docker.io/library/alpine", null)]
    [InlineData("alpine:3.20", "docker.io/library/alpine", "3.20")]
    [InlineData("localhost:5000/app", "localhost:5000/app", null)] // a port is no tag
    [InlineData("localhost:5000/app:v1", "localhost:5000/app", "v1")]
    [InlineData("docker://quay.example/a/b:c", "quay.example/a/b", "c")]
    [InlineData("quay.example/a/b@sha256:" + Hex, "quay.example/a/b", null)]
    [InlineData("quay.example/a/b:c@sha256:" + Hex, "quay.example/a/b", "c")]
    public void Parse_TellsATagFromADefault(string text, string place, string? tag)
    {
        ImageLocation location = ImageLocation.Parse(text);

        Assert.IsType<RegistryLocation>(location);
        Assert.Equal(place, location.ToPlaceText());
        Assert.Equal(tag, location.Tag);
        Assert.Equal(text.Contains('@', StringComparison.Ordinal), location.Digest is not null);
    }

    [Theory]
    [InlineData("oci-archive:a.tar", "a.tar", null)]
    [InlineData("docker-archive:dir/a.tar:localhost:5000/x/y:v1", "dir/a.tar", "localhost:5000/x/y:v1")]
    [InlineData("oci-archive:-", "-", null)]
    public void Parse_EndsAnArchiveAtTheFirstColon(string text, string path, string? name)
    {
        var location = Assert.IsType<ArchiveLocation>(ImageLocation.Parse(text));

        Assert.Equal(path, location.Path);
        Assert.Equal(name, location.Tag);
        Assert.Equal(text, location.ToString());
    }

    [Theory]
    [InlineData("containers-storage:x")]
    [InlineData("dir:x")]
    public void Parse_SaysThatAPlaceIsNotSupported(string text)
    {
        UsageException error = Assert.Throws<UsageException>(() => ImageLocation.Parse(text));

        Assert.Contains("not supported yet", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("oci:")]
    [InlineData("oci::v1")]
    [InlineData("oci:a\0b")]
    [InlineData("quay.example/Upper")]
    [InlineData("docker://")]
    [InlineData("a b")]
    public void Parse_RefusesWhatIsNoPlace(string text) =>
        Assert.Throws<UsageException>(() => ImageLocation.Parse(text));

    [Fact]
    public void Parse_ReturnsOrRefusesWithAUsageError() =>
        Gen.String.Sample(text =>
        {
            try
            {
                ImageLocation.Parse(text);
                ImageLocation.Parse("oci:" + text);
            }
            catch (UsageException)
            {
                // Every other exception fails the test.
            }
        });

    [Fact]
    public void ToString_ParsesToTheSameLayout() =>
        Gen.Select(
            Gen.Char["ab/:@.-_"].Array[1, 12].Select(chars => new string(chars)),
            Gen.Int[0, 2].Select(choice => choice switch { 0 => null, 1 => "v1", _ => "_x" }))
            .Sample((path, tag) =>
            {
                var location = new LayoutLocation(path, tag, null);

                Assert.Equal(location, ImageLocation.Parse(location.ToString()));
            });

    [Theory]
    [InlineData("oci:dir", "dir", null)]
    [InlineData("oci:dir:v1", "dir", "v1")]
    [InlineData("oci:dir:docker.io/library/alpine:3", "dir", "docker.io/library/alpine:3")]
    [InlineData("oci:dir:localhost:5000/a:b", "dir", "localhost:5000/a:b")]
    [InlineData("oci:a:b/:docker.io/library/alpine:3", "a:b/", "docker.io/library/alpine:3")] // '/:' ends a DIR with colons
    [InlineData("oci:dir/:[::1]:5000/x:v1", "dir/", "[::1]:5000/x:v1")]
    [InlineData("oci:a:b/:", "a:b/", null)]
    public void Parse_TakesAWholeReferenceWhereANamespaceIsNamed(string text, string directory, string? tag)
    {
        var layout = Assert.IsType<LayoutLocation>(ImageLocation.Parse(text, isNamespaced: true));

        Assert.Equal(directory, layout.Directory);
        Assert.Equal(tag, layout.Tag);
    }

    [Fact]
    public void ToString_ParsesToTheSameLayoutWhereANamespaceIsNamed() =>
        Gen.Char["ab/:@.-_"].Array[1, 12].Select(chars => "oci:" + new string(chars)).Sample(text =>
        {
            LayoutLocation location;
            try
            {
                location = (LayoutLocation)ImageLocation.Parse(text, isNamespaced: true);
            }
            catch (UsageException)
            {
                return;
            }

            Assert.Equal(location, ImageLocation.Parse(location.ToString(), isNamespaced: true));
        });
}
