using OciImage.Content;
using OciImage.Server;
using OciImage.TestKit;

namespace OciImage.Cli.Tests;

/// <summary>One image on its whole way, through a registry of our own.</summary>
public sealed class EndToEndTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Image_GoesFromFilesThroughARegistryToARootFilesystem()
    {
        await using RegistryServer registry = await RegistryServer.StartAsync(
            new MemoryRepositoryProvider(), cancellationToken: TestContext.Current.CancellationToken);
        string remote = $"{registry.Host}/team/app";
        string layout = _directory.Combine("layout");
        _directory.WriteFile("app/bin/hello", "hello");

        string digest = await Ocimg.RunOkAsync(
            "build", $"oci:{layout}:v1", "--from", "scratch", "--add", _directory.Combine("app") + ":/app",
            "--platform", "linux/amd64");
        Assert.Equal(digest, await Ocimg.RunOkAsync("push", $"{layout}:v1", remote));
        Assert.Equal(digest, await Ocimg.RunOkAsync("digest", $"{remote}:v1"));
        Assert.Contains(digest, await Ocimg.RunOkAsync("inspect", $"docker://{remote}:v1"), StringComparison.Ordinal);
        Assert.Equal("v1", await Ocimg.RunOkAsync("tags", remote));
        Assert.Equal(digest, await Ocimg.RunOkAsync("copy", $"{remote}:v1", $"{registry.Host}/team/other:v2", "--jobs", "1"));
        Assert.Equal(digest, await Ocimg.RunOkAsync("pull", $"{remote}@{digest}", _directory.Combine("pulled")));
        await Ocimg.RunOkAsync("check", $"{registry.Host}/team/other:v2");
        Assert.Equal(digest, await Ocimg.RunOkAsync(
            "unpack", $"{remote}:v1", _directory.Combine("tree"), "--platform", "linux/amd64"));
        Assert.Equal("hello", await File.ReadAllTextAsync(
            _directory.Combine("tree", "app", "bin", "hello"), TestContext.Current.CancellationToken));
        await Ocimg.RunOkAsync("delete", $"{remote}:v1");
        await Ocimg.RunRefusedAsync(ExitCode.NotFound, "digest", $"{remote}:v1");
        await Ocimg.RunOkAsync("delete", $"{registry.Host}/team/other@{digest}");
        await Ocimg.RunRefusedAsync(ExitCode.NotFound, "digest", $"{registry.Host}/team/other:v2");
    }

    [Fact]
    public async Task Build_WritesStraightIntoARegistry()
    {
        await using RegistryServer registry = await RegistryServer.StartAsync(
            new MemoryRepositoryProvider(), cancellationToken: TestContext.Current.CancellationToken);
        _directory.WriteFile("app/hello", "hello");
        string[] arguments = ["--from", "scratch", "--add", _directory.Combine("app") + ":/app", "--platform", "linux/amd64"];

        string there = await Ocimg.RunOkAsync(["build", $"{registry.Host}/app:v1", .. arguments]);
        string here = await Ocimg.RunOkAsync(["build", "oci:" + _directory.Combine("layout") + ":v1", .. arguments]);

        Assert.Equal(here, there);
        await Ocimg.RunOkAsync("check", $"{registry.Host}/app:v1");
    }

    [Fact]
    public async Task Copy_MountsWhatTheRegistryHasInAnotherRepository()
    {
        await using RegistryServer registry = await RegistryServer.StartAsync(
            new MemoryRepositoryProvider(), cancellationToken: TestContext.Current.CancellationToken);
        _directory.WriteFile("app/hello", "hello");
        await Ocimg.RunOkAsync(
            "build", $"{registry.Host}/one:v1", "--from", "scratch", "--add", _directory.Combine("app") + ":/app");
        var terminal = new TestTerminal();

        int exitCode = await Ocimg.RunAsync(
            terminal, "copy", $"{registry.Host}/one:v1", $"{registry.Host}/two", "--progress", "plain");

        Assert.True(exitCode == ExitCode.Done, terminal.ErrorOutput);
        Assert.Equal(2, terminal.ErrorOutput.Split("mounted").Length - 1);
    }

    [Fact]
    public async Task Blob_GoesToARegistryAndComesBack()
    {
        await using RegistryServer registry = await RegistryServer.StartAsync(
            new MemoryRepositoryProvider(), cancellationToken: TestContext.Current.CancellationToken);
        string file = _directory.WriteFile("blob", "some bytes");

        string digest = await Ocimg.RunOkAsync("blob", "put", $"{registry.Host}/app", file);

        Assert.Equal("some bytes", await Ocimg.RunOkAsync("blob", "get", $"{registry.Host}/app@{digest}"));
    }

    [Fact]
    public async Task Serve_PrintsWhereItListensAndEndsWhenInterrupted()
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var terminal = new SignallingTerminal();
        Task<int> serving = OcimgApplication.RunAsync(
            ["serve", _directory.Combine("registry"), "--listen", "127.0.0.1:0"], terminal, cancellation.Token);

        string host = await terminal.FirstLine.WaitAsync(TestContext.Current.CancellationToken);
        string digest = await Ocimg.RunOkAsync(
            "build", $"{host}/app:v1", "--from", "scratch", "--platform", "linux/amd64");
        Assert.Equal(digest, await Ocimg.RunOkAsync("digest", $"{host}/app:v1"));
        await cancellation.CancelAsync();

        Assert.Equal(ExitCode.Done, await serving);
    }
}
