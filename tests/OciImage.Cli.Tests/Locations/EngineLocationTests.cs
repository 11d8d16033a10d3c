using OciImage.Cli.Locations;
using OciImage.TestKit;

namespace OciImage.Cli.Tests.Locations;

public sealed class EngineLocationTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("containerd:alpine", "containerd:docker.io/library/alpine", null)]
    [InlineData("containerd:quay.example/a/b:v1", "containerd:quay.example/a/b", "v1")]
    [InlineData("containerd:", "containerd:", null)]
    [InlineData("docker-daemon:alpine:3", "docker-daemon:docker.io/library/alpine", "3")]
    [InlineData("docker-daemon:", "docker-daemon:", null)]
    public void Parse_ReadsAnEnginesName(string text, string place, string? tag)
    {
        var location = ImageLocation.Parse(text);

        Assert.Equal((place, tag), (location.ToPlaceText(), location.Tag));
    }

    [Theory]
    [InlineData(null, "latest")]
    [InlineData("v1", "v1")]
    [InlineData("docker.io/library/a:v2", "v2")] // as an archive has it
    [InlineData("no tag at all", "latest")]
    public void ToTag_TakesTheTagOfAName(string? name, string tag) => Assert.Equal(tag, EngineNames.ToTag(name));

    [Theory]
    [InlineData("containerd:a", "CONTAINERD_ADDRESS")]
    [InlineData("docker-daemon:a", "DOCKER_HOST")]
    public async Task Digest_OfAnEngineThatDoesNotRun_NamesTheSocketAndTheVariable(string place, string variable)
    {
        using var terminal = new TestTerminal();
        string address = _directory.Combine("none.sock");
        terminal.Variables[variable] = address;

        int exitCode = await Ocimg.RunAsync(terminal, "digest", place);

        Assert.Equal(ExitCode.Failed, exitCode);
        Assert.Contains(address, terminal.ErrorOutput, StringComparison.Ordinal);
        Assert.Contains(variable, terminal.ErrorOutput, StringComparison.Ordinal);
        Assert.DoesNotContain("registry", terminal.ErrorOutput, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:2375")]
    [InlineData("ssh://host")]
    public async Task Digest_RefusesOtherAddressesOfDocker(string address)
    {
        using var terminal = new TestTerminal();
        terminal.Variables["DOCKER_HOST"] = address;

        int exitCode = await Ocimg.RunAsync(terminal, "digest", "docker-daemon:a");

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.Contains(address, terminal.ErrorOutput, StringComparison.Ordinal);
    }
}
