using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests;

/// <summary>An image that buildah makes from scratch out of Debian packages: two layers, hundreds of files, links, modes, whiteouts.</summary>
/// <remarks>Made once for all tests of the collection. The second layer removes a directory and a file and adds one.</remarks>
public sealed class DebianImage : IAsyncLifetime
{
    private static readonly string[] Packages = ["busybox-static", "base-files", "tzdata"];

    private readonly TemporaryDirectory _directory = new();
    private readonly SemaphoreSlim _gate = new(1);
    private bool _made;

    /// <summary>Gets the path of the OCI layout, with the tags <c>base</c> and <c>v1</c>; makes it when it is first asked for.</summary>
    public async Task<string> GetLayoutAsync()
    {
        Peer.RequireRoot();
        Peer buildah = Peer.Require("buildah");
        Peer aptGet = Peer.Require("apt-get");
        await _gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (!_made)
            {
                await MakeAsync(buildah, aptGet);
                _made = true;
            }
        }
        finally
        {
            _gate.Release();
        }

        return _directory.Combine("layout");
    }

    /// <summary>Gets the path of a policy file that accepts every image, for the tools that want one.</summary>
    public string Policy => _directory.WriteFile("policy.json", """{"default":[{"type":"insecureAcceptAnything"}]}""");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        _gate.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task MakeAsync(Peer buildah, Peer aptGet)
    {
        string packages = _directory.CreateDirectory("packages");
        await DownloadAsync(aptGet, packages);
        string policy = Policy;
        string layout = _directory.Combine("layout");

        string container = await BuildahAsync(buildah, "from", "scratch");
        string root = await BuildahAsync(buildah, "mount", container);
        foreach (string package in Directory.GetFiles(packages, "*.deb"))
        {
            await Peer.Require("dpkg").RunOkAsync("-x", package, root);
        }

        await Peer.Require("ln").RunOkAsync($"{root}/bin/busybox", $"{root}/bin/sh");
        await Peer.Require("chmod").RunOkAsync("4755", $"{root}/bin/busybox");
        await Peer.Require("chown").RunOkAsync("1234:4321", $"{root}/etc/issue.net");
        await Peer.Require("setfattr").RunOkAsync("-n", "user.test", "-v", "0x000a3d80ff", $"{root}/etc/debian_version");
        await Peer.Require("mkfifo").RunOkAsync($"{root}/run/fifo");
        Directory.CreateDirectory($"{root}/srv/closed");
        await Peer.Require("chmod").RunOkAsync("0500", $"{root}/srv/closed");
        await BuildahAsync(buildah, "config", "--entrypoint", """["/bin/busybox"]""", container);
        await BuildahAsync(buildah, "commit", "--signature-policy", policy, "-q", container, $"oci:{layout}:base");

        container = await BuildahAsync(buildah, "from", "--signature-policy", policy, $"oci:{layout}:base");
        root = await BuildahAsync(buildah, "mount", container);
        Directory.Delete($"{root}/usr/share/zoneinfo/Europe", recursive: true);
        File.Delete($"{root}/etc/issue");
        await File.WriteAllTextAsync($"{root}/etc/motd.local", "second layer\n");
        await BuildahAsync(buildah, "commit", "--signature-policy", policy, "-q", container, $"oci:{layout}:v1");
    }

    private async Task<string> BuildahAsync(Peer buildah, params string[] arguments)
    {
        string output = await buildah.RunOkAsync(
        [
            "--root", _directory.Combine("buildah"), "--runroot", _directory.Combine("run"), "--storage-driver", "vfs",
            .. arguments,
        ]);

        return output.Trim();
    }

    private static async Task DownloadAsync(Peer aptGet, string directory)
    {
        string[] download = ["download", "-qq", "-o", "APT::Sandbox::User=root", .. Packages];
        PeerResult result = await PeerProcess.RunAsync(aptGet.Path, download, directory);
        if (result.ExitCode != 0)
        {
            await PeerProcess.RunAsync(aptGet.Path, ["update", "-qq"], directory);
            result = await PeerProcess.RunAsync(aptGet.Path, download, directory);
        }

        Assert.SkipUnless(
            result.ExitCode == 0 || Environment.GetEnvironmentVariable("OCIIMAGE_PEERS") is not null,
            "Debian's packages cannot be downloaded here.");
        Assert.True(result.ExitCode == 0, result.Error);
    }
}
