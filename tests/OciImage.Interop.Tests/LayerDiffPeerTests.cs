using OciImage.Images;
using OciImage.Layers;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests;

/// <summary>Lets other tools apply a difference of ours: they get the upper tree.</summary>
public sealed class LayerDiffPeerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("umoci")]
    [InlineData("umoci-0.6")]
    public async Task Difference_GivesTheUpperTreeByUmoci(string umoci)
    {
        Peer.RequireRoot();
        Peer peer = Peer.Require(umoci);
        string layout = await BuildAsync();

        await peer.RunOkAsync("unpack", "--image", $"{layout}:1.0", _directory.Combine("bundle"));

        await TreeListing.AssertEqualAsync(_directory.Combine("upper"), _directory.Combine("bundle", "rootfs"));
    }

    [Fact]
    public async Task Difference_GivesTheUpperTreeByUs()
    {
        Peer.RequireRoot();
        string layout = await BuildAsync();

        await Ocimg.RunOkAsync("unpack", $"oci:{layout}:1.0", _directory.Combine("rootfs"));

        await TreeListing.AssertEqualAsync(_directory.Combine("upper"), _directory.Combine("rootfs"));
    }

    private async Task<string> BuildAsync()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        string lower = _directory.CreateDirectory("lower");
        string upper = _directory.Combine("upper");
        await ShellAsync(lower, """
            mkdir -p etc/a usr/bin var/gone/deep kind/dir dash/a dash/a-b
            echo one > etc/a/f; ln etc/a/f etc/link; ln etc/a/f usr/bin/link; echo same > usr/bin/same
            echo x > var/gone/deep/x; echo x > kind/dir/x; ln -s ../etc usr/etc; mkfifo pipe
            echo 1 > dash/a/1; echo 1 > dash/a-b/1; chmod 4755 usr/bin/same; chown 12:34 usr/bin/same
            find . -exec touch -h -d @1500000000 {} +
            """);
        await ShellAsync(_directory.Path, "cp -a lower upper");
        await ShellAsync(upper, """
            echo two > etc/a/f; rm -r var/gone kind/dir; echo now a file > kind/dir; rm usr/etc; mkdir usr/etc; echo new > usr/etc/new
            rm -r dash/a; echo 2 > dash/a-b/2; chown 56:78 usr/bin; ln usr/bin/same usr/bin/another; mknod null c 1 3
            touch 'n ü'; chmod 1777 var
            find . -newermt @1500000001 -exec touch -h -d @1600000000 {} +
            """);
        OciLayout layout = await OciLayout.OpenOrCreateAsync(_directory.Combine("layout"), cancellationToken: token);
        WrittenLayer? whole = await LayerDiff.WriteAsync(layout, TreeManifest.Empty, lower, null, token);
        WrittenLayer? difference = await LayerDiff.WriteAsync(layout, lower, upper, null, token);
        await ImageBuilder.FromScratch(PlatformMatcher.Current.Platform).AddLayer(whole!).AddLayer(difference!).BuildAsync(layout, "1.0", token);

        return _directory.Combine("layout");
    }

    private static async Task ShellAsync(string directory, string script)
    {
        PeerResult result = await PeerProcess.RunAsync("/bin/sh", ["-ec", script], directory);
        Assert.True(result.ExitCode == 0, result.Error);
    }
}
