using System.Diagnostics.CodeAnalysis;
using Xunit;

namespace OciImage.TestKit.Peers;

/// <summary>A program of somebody else's that tests compare with. Where it is missing, the test skips and says so.</summary>
/// <remarks>
/// OCIIMAGE_PEERS names, separated by blanks, the peers that were installed on purpose: one of those missing is a
/// failure, since a skip would hide that nothing was compared.
/// </remarks>
public sealed class Peer
{
    private Peer(string name, string path)
    {
        Name = name;
        Path = path;
    }

    /// <summary>Gets the command's name.</summary>
    public string Name { get; }

    /// <summary>Gets the command's path.</summary>
    public string Path { get; }

    /// <summary>Finds a peer, or skips the calling test; fails it when the peer was promised.</summary>
    public static Peer Require(string name)
    {
        if (TryFind(name, out Peer? peer))
        {
            return peer;
        }

        string promised = Environment.GetEnvironmentVariable("OCIIMAGE_PEERS") ?? "";
        if (promised.Split(' ', StringSplitOptions.RemoveEmptyEntries).Contains(name))
        {
            Assert.Fail($"'{name}' was promised by OCIIMAGE_PEERS, but is not on PATH.");
        }

        Assert.Skip($"'{name}' is not installed; eng/install-peers installs it.");
        throw new InvalidOperationException();
    }

    /// <summary>Skips the calling test unless it runs as root on Linux.</summary>
    public static void RequireRoot()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Needs root on Linux.");
    }

    /// <summary>Runs the peer to its end.</summary>
    public Task<PeerResult> RunAsync(params IReadOnlyList<string> arguments) =>
        PeerProcess.RunAsync(Path, arguments, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Runs the peer to its end and fails the test unless it exits with 0; returns its standard output.</summary>
    public async Task<string> RunOkAsync(params IReadOnlyList<string> arguments)
    {
        PeerResult result = await RunAsync(arguments);
        Assert.True(
            result.ExitCode == 0,
            $"'{Name} {string.Join(' ', arguments)}' exited with {result.ExitCode}:\n{result.Error}\n{result.Output}");

        return result.Output;
    }

    private static bool TryFind(string name, [NotNullWhen(true)] out Peer? peer)
    {
        string path = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        foreach (string directory in path.Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            string candidate = System.IO.Path.Combine(directory, name);
            if (File.Exists(candidate))
            {
                peer = new Peer(name, candidate);
                return true;
            }
        }

        peer = null;
        return false;
    }
}
