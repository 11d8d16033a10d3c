using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests.Bundles;

/// <summary>runc runs the bundles that ocimg writes, and what runs prints what it would in the image.</summary>
/// <remarks>Bundles here always have a mount namespace: without one runc mounts into the machine's own tree.</remarks>
[Collection(DebianImageCollection.Name)]
public sealed class RuncTests(DebianImage image) : IAsyncLifetime
{
    private const string Nobody = "65534";

    private readonly TemporaryDirectory _directory = new();
    private readonly string _id = $"ocimg-{Guid.NewGuid():N}";
    private string _layout = "";

    public async ValueTask InitializeAsync()
    {
        Peer.Require("runc");
        _layout = $"oci:{await image.GetLayoutAsync()}:base";
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("default")]
    [InlineData("minimal")]
    [InlineData("rootless")]
    public async Task Run_PrintsWhatTheCommandPrints(string preset)
    {
        await UnpackAsync("--preset", preset, "--", "echo", "two words", "$HOME");

        Assert.Equal("two words $HOME\n", await RunAsync());
    }

    [Fact]
    public async Task Run_HasTheUserTheVariablesAndTheDirectory()
    {
        _directory.WriteFile("etc/passwd", "web:x:101:102::/home/web:/bin/sh\n");
        _directory.WriteFile("etc/group", "www:x:200:web\n");
        string users = $"oci:{_directory.Combine("layout")}:users";
        await Ocimg.RunOkAsync("build", users, "--from", _layout, "--add", $"{_directory.Combine("etc")}:/etc");
        _layout = users;
        await UnpackAsync(
            "--entrypoint", """["/bin/busybox","sh","-c"]""", "--user", "web", "--env", "A=b c", "--workdir", "/usr/share",
            "--hostname", "inside", "--", "id -u; id -g; id -G; echo \"$A $HOME\"; pwd; hostname");

        string[] lines = (await RunAsync()).Split('\n');

        Assert.Equal(["101", "102", "102 200", "b c /home/web", "/usr/share", "inside", ""], lines);
    }

    [Fact]
    public async Task Run_ShowsTheTreeOfTheImageAndNothingElse()
    {
        await UnpackAsync("--entrypoint", """["/bin/busybox","sh","-c"]""", "--", "cat /etc/debian_version; ls / | tr '\\n' ' '");
        string version = await File.ReadAllTextAsync(
            _directory.Combine("bundle", "rootfs", "etc", "debian_version"), TestContext.Current.CancellationToken);
        HashSet<string> names =
            [.. Directory.GetFileSystemEntries(_directory.Combine("bundle", "rootfs")).Select(path => Path.GetFileName(path))];

        string output = await RunAsync();

        Assert.StartsWith(version, output, StringComparison.Ordinal);
        Assert.Equal(
            [.. names, "dev", "proc", "sys"],
            output[version.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet());
    }

    [Fact]
    public async Task Run_KeepsAReadOnlyRoot()
    {
        await UnpackAsync("--read-only", "--", "touch", "/file");

        PeerResult result = await RunOnceAsync([]);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("Read-only file system", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_RootlessWorksForAnyone()
    {
        string[] setpriv = [$"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups"];
        Peer become = Peer.Require("setpriv");
        PeerResult probe = await become.RunAsync([.. setpriv, Peer.Require("unshare").Path, "--user", "--map-root-user", "true"]);
        Assert.SkipUnless(probe.ExitCode == 0, $"Others may make no user namespaces here: {probe.Error}");
        await Peer.Require("chown").RunOkAsync($"{Nobody}:{Nobody}", _directory.Path);
        PeerResult unpacked = await PeerProcess.RunAsync(
            become.Path,
            [
                .. setpriv, Ocimg.Command, "unpack", "--bundle", "--rootless", _layout, _directory.Combine("bundle"), "--",
                "sh", "-c", "id -u; cat /proc/self/uid_map; cat /etc/motd.none; echo done",
            ],
            environment: new Dictionary<string, string?> { ["DOTNET_ROOT"] = Ocimg.DotnetRoot, ["HOME"] = _directory.Path },
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(unpacked.ExitCode == 0, unpacked.Error);

        PeerResult result = await RunOnceAsync([become.Path, .. setpriv]);

        string[] words = result.Output.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(["0", "0", Nobody, "1", "done"], words);
    }

    private async Task UnpackAsync(params string[] options) => await Ocimg.RunOkAsync(
        ["unpack", "--bundle", _layout, _directory.Combine("bundle"), .. options]);

    private async Task<string> RunAsync()
    {
        PeerResult result = await RunOnceAsync([]);
        Assert.True(result.ExitCode == 0, result.Error);

        return result.Output;
    }

    private async Task<PeerResult> RunOnceAsync(string[] prefix)
    {
        string[] runc = [.. prefix, Peer.Require("runc").Path, "--root", _directory.Combine("runc")];
        try
        {
            return await RunAsync([.. runc, "run", "--bundle", _directory.Combine("bundle"), _id]);
        }
        finally
        {
            // Nothing to delete where it ended as it should.
            await RunAsync([.. runc, "delete", "--force", _id]);
        }
    }

    private static Task<PeerResult> RunAsync(string[] command) => PeerProcess.RunAsync(
        command[0], command[1..], cancellationToken: TestContext.Current.CancellationToken);
}
