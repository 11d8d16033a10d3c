using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests.Registry;

/// <summary>Runs programs of others with a home of the test's own, so that they read and write nobody else's.</summary>
internal sealed class PeerHome(TemporaryDirectory directory)
{
    private readonly Dictionary<string, string?> _environment = new()
    {
        ["HOME"] = directory.CreateDirectory("home"),
        ["DOCKER_CONFIG"] = directory.CreateDirectory("home", "docker"),
        ["XDG_CONFIG_HOME"] = null,
        ["XDG_RUNTIME_DIR"] = null,
        ["REGISTRY_AUTH_FILE"] = null,
        ["COSIGN_PASSWORD"] = "loopback",
    };

    /// <summary>Gets the path of the home.</summary>
    public string Path => _environment["HOME"]!;

    /// <summary>Runs a program that must succeed in the home; returns its standard output.</summary>
    public async Task<string> RunOkAsync(Peer peer, params IReadOnlyList<string> arguments)
    {
        PeerResult result = await PeerProcess.RunAsync(
            peer.Path, arguments, Path, _environment, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(
            result.ExitCode == 0,
            $"'{peer.Name} {string.Join(' ', arguments)}' exited with {result.ExitCode}:\n{result.Error}\n{result.Output}");

        return result.Output;
    }
}
