using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests.Layers;

/// <summary>Images that buildah made of Debian packages, unpacked by umoci, by containerd and by us: the same trees.</summary>
/// <remarks>What another program is known to do differently stands here, and in docs/layers.md; everything else must be equal.</remarks>
[Collection(DebianImageCollection.Name)]
public sealed class UnpackDifferentialTests(DebianImage debian) : IAsyncLifetime
{
    // Only 'odd' changes directories without an entry for them.
    private static readonly TreeDeviation UmociTimes = TreeDeviation.OfTimes(
        "umoci gives a directory that is changed without an entry the time of the unpacking; ours has that of its last entry, or 0",
        "", "implied", "implied/deep", "opt", "opt/gone", "run", "run/new");

    private static readonly TreeDeviation[] ContainerdDeviations =
    [
        TreeDeviation.OfTimes("containerd leaves the root, which no entry is about, the time of the unpacking", ""),
        TreeDeviation.OfXattrs("containerd leaves 'trusted' attributes out", "trusted.", "opt/trusted"),
        TreeDeviation.OfXattrs(
            "containerd makes files in directories that have their access lists already, which hand theirs down",
            "system.posix_acl_access", "opt/inherited/in"),
    ];

    private readonly TemporaryDirectory _directory = new();
    private RichImage? _image;

    public async ValueTask InitializeAsync() => _image = await RichImage.MakeAsync(debian, _directory.Path);

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("umoci")]
    [InlineData("umoci-0.6")]
    public async Task Unpack_GivesTheTreesOfUmoci(string program)
    {
        Peer umoci = Peer.Require(program);
        foreach (string tag in new[] { "tools", "attributes", "changes", "odd" })
        {
            await umoci.RunOkAsync("unpack", "--image", $"{_image!.Layout}:{tag}", _directory.Combine($"{tag}-theirs"));

            await Ocimg.RunOkAsync("unpack", $"oci:{_image.Layout}:{tag}", _directory.Combine($"{tag}-ours"));

            await TreeListing.AssertEqualAsync(
                _directory.Combine($"{tag}-theirs", "rootfs"),
                _directory.Combine($"{tag}-ours"),
                tag == "odd" ? [UmociTimes] : []);
        }
    }

    [Fact]
    public async Task Unpack_GivesTheTreesOfContainerd()
    {
        // The layers of 'odd' are not among these: containerd refuses a whiteout of what its own layer has, replaces a linked parent by
        // a directory, and does not find the target of a hard link in a lower layer.
        await using Containerd containerd = await Containerd.StartAsync(_directory.CreateDirectory("c"));
        foreach (string tag in new[] { "tools", "attributes", "changes" })
        {
            string name = $"docker.io/library/rich:{tag}";
            string archive = _directory.Combine($"{tag}.tar");
            string mount = _directory.CreateDirectory($"{tag}-theirs");
            await Ocimg.RunOkAsync("export", $"oci:{_image!.Layout}:{tag}", "--name", name, "-o", archive);
            await containerd.RunAsync(tag, "images", "import", archive);
            await containerd.RunAsync(tag, "images", "mount", name, mount);
            try
            {
                await Ocimg.RunOkAsync("unpack", $"oci:{_image.Layout}:{tag}", _directory.Combine($"{tag}-ours"));

                await TreeListing.AssertEqualAsync(mount, _directory.Combine($"{tag}-ours"), ContainerdDeviations);
            }
            finally
            {
                await containerd.RunAsync(tag, "images", "unmount", "--rm", mount);
            }
        }
    }
}
