using System.Text.Json;
using OciImage.Bundles;
using OciImage.TestKit;

namespace OciImage.Cli.Tests.Commands;

public sealed class BundleTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private string _image = "";

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(RuntimeBundle.IsSupported, "Bundles are written on Linux only.");
        _directory.WriteFile("app/hello", "hello");
        _image = $"oci:{_directory.Combine("layout")}:v1";
        await Ocimg.RunOkAsync(
            "build", _image, "--from", "scratch", "--add", $"{_directory.Combine("app")}:/app", "--entrypoint", "/app/hello",
            "--cmd", "one", "--env", "A=1", "--platform", "linux/amd64");
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Bundle_HasWhatTheImageSays()
    {
        string digest = await Ocimg.RunOkAsync("unpack", "--bundle", _image, Target);

        Assert.Equal(await Ocimg.RunOkAsync("digest", _image), digest);
        Assert.Equal(["/app/hello", "one"], Read().Process!.Args);
        Assert.Equal("hello", await File.ReadAllTextAsync(
            Path.Combine(Target, "rootfs", "app", "hello"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Bundle_HasWhatTheCommandLineSays()
    {
        string json = await Ocimg.RunOkAsync(
            "unpack", "--bundle", _image, Target, "--json", "--rootless", "-t", "--read-only", "--hostname", "h", "--env", "A=2",
            "--workdir", "/app", "--allow-new-privileges", "--volumes", "none", "--", "-x", "--", "two");

        RuntimeSpecification specification = Read();
        Assert.Equal(["/app/hello", "-x", "--", "two"], specification.Process!.Args);
        Assert.Equal("A=2", specification.Process.Env[0]);
        Assert.Equal(("/app", "h", true), (specification.Process.Cwd, specification.Hostname, specification.Process.Terminal));
        Assert.True(specification.Root!.ReadOnly);
        Assert.False(specification.Process.NoNewPrivileges);
        Assert.Contains(specification.Linux!.Namespaces, one => one.Type == "user");
        using JsonDocument result = JsonDocument.Parse(json);
        Assert.Equal(
            Path.Combine(Target, "config.json"), result.RootElement.GetProperty("specification").GetString());
    }

    [Theory]
    [InlineData("is for a bundle", "--rootless")]
    [InlineData("is for a bundle", "--user", "0")]
    [InlineData("'extra' is for a bundle", "extra")]
    [InlineData("default, minimal or rootless", "--bundle", "--preset", "full")]
    [InlineData("default, minimal or rootless", "--bundle", "--preset", "1")]
    [InlineData("temporary, directories or none", "--bundle", "--volumes", "x")]
    [InlineData("preset of its own", "--bundle", "--rootless", "--preset", "minimal")]
    [InlineData("host name", "--bundle", "--hostname", "a b")]
    [InlineData("give --user UID:GID", "--bundle", "--user", "nobody")]
    [InlineData("give --user UID:GID", "--bundle", "--user", "4294967296")]
    [InlineData("give --user 0", "--bundle", "--rootless", "--user", "5")]
    [InlineData("give --workdir", "--bundle", "--workdir", "app")]
    [InlineData("after '--'", "--bundle", "--entrypoint", "")]
    [InlineData("expected NAME=VALUE", "--bundle", "--env", "A")]
    public async Task Bundle_SaysWhatIsWrong(string expected, params string[] options)
    {
        string error = await Ocimg.RunRefusedAsync(ExitCode.Usage, ["unpack", _image, Target, .. options]);

        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.False(Path.Exists(Target));
    }

    private string Target => _directory.Combine("bundle");

    private RuntimeSpecification Read() => RuntimeSpecification.Parse(File.ReadAllBytes(Path.Combine(Target, "config.json")));
}
