using System.Text;
using OciImage.Images;
using OciImage.Layout;
using OciImage.Tar;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests.Layers;

/// <summary>Layers on top of the Debian image that have what real layers can have.</summary>
/// <remarks>
/// <c>tools</c> is buildah's: file capabilities, hard links, devices, a sparse file, a linked directory, a name that is not UTF-8, files and
/// directories that go. <c>attributes</c> has what buildah loses (attributes of users and of <c>trusted</c>, access lists, parts of
/// seconds), <c>changes</c> an opaque directory and changes of type, <c>odd</c> what programs disagree about.
/// </remarks>
internal sealed class RichImage(string directory, string policy)
{
    private const uint Nobody = uint.MaxValue;

    public string Layout => Path.Combine(directory, "rich");

    public static async Task<RichImage> MakeAsync(DebianImage debian, string directory)
    {
        string layout = await debian.GetLayoutAsync();
        var image = new RichImage(directory, debian.Policy);
        await image.MakeToolsAsync($"oci:{layout}:base");
        await image.MakeOthersAsync();

        return image;
    }

    private async Task MakeToolsAsync(string source)
    {
        string container = await BuildahAsync("from", "--signature-policy", policy, source);
        string root = await BuildahAsync("mount", container);
        Directory.CreateDirectory($"{root}/srv");
        Directory.CreateDirectory($"{root}/dev");
        Directory.Delete($"{root}/var/run", recursive: true);
        File.CreateSymbolicLink($"{root}/var/run", "/run");
        File.CreateSymbolicLink($"{root}/srv/dangling", "nowhere");
        File.Copy($"{root}/bin/busybox", $"{root}/bin/ping");
        await using (FileStream sparse = File.Create($"{root}/srv/sparse"))
        {
            sparse.SetLength(1 << 20);
            sparse.Position = 1 << 19;
            sparse.WriteByte(1);
        }

        await RunAsync("setcap", "cap_net_raw+ep", $"{root}/bin/ping");
        await RunAsync("ln", $"{root}/etc/issue.net", $"{root}/etc/issue.hard");
        await RunAsync("chown", "-h", "7:8", $"{root}/srv/dangling");
        await RunAsync("chmod", "2775", $"{root}/srv");
        await RunAsync("mknod", $"{root}/dev/character", "c", "1", "3");
        await RunAsync("mknod", $"{root}/dev/block", "b", "7", "300");
        await RunAsync("sh", "-c", "printf latin > \"$1/$(printf 'n\\377\\376')\"", "sh", $"{root}/srv");
        await BuildahAsync("commit", "--signature-policy", policy, "-q", container, $"oci:{Layout}:first");

        container = await BuildahAsync("from", "--signature-policy", policy, $"oci:{Layout}:first");
        root = await BuildahAsync("mount", container);
        Directory.Delete($"{root}/usr/share/zoneinfo/Asia", recursive: true);
        Directory.CreateDirectory($"{root}/usr/share/zoneinfo/Asia");
        await File.WriteAllTextAsync($"{root}/usr/share/zoneinfo/Asia/New", "new");
        File.Delete($"{root}/etc/issue.hard");
        await RunAsync("chmod", "4711", $"{root}/bin/ping");
        await RunAsync("ln", $"{root}/etc/debian_version", $"{root}/etc/version");
        await BuildahAsync("commit", "--signature-policy", policy, "-q", container, $"oci:{Layout}:tools");
    }

    private async Task MakeOthersAsync()
    {
        byte[] attributes = await WriteAttributesAsync();
        byte[] changes = await WriteChangesAsync();
        byte[] odd = await WriteOddAsync();
        await AddAsync("attributes", attributes);
        await AddAsync("changes", attributes, changes);
        await AddAsync("odd", attributes, changes, odd);
    }

    private static async Task<byte[]> WriteAttributesAsync()
    {
        byte[] access = LayerWriting.AccessList(
            (0x01, 6, Nobody), (0x02, 6, 1234), (0x04, 4, Nobody), (0x10, 6, Nobody), (0x20, 4, Nobody));
        byte[] inherited = LayerWriting.AccessList(
            (0x01, 7, Nobody), (0x04, 5, Nobody), (0x08, 5, 55), (0x10, 5, Nobody), (0x20, 5, Nobody));
        using var layer = new LayerWriting();
        await layer.DirectoryAsync("opt/");
        await layer.AddAsync(
            "opt/access", TarEntryType.RegularFile, "a", mode: 0x1B4, xattrs: ("system.posix_acl_access", access));
        await layer.AddAsync(
            "opt/inherited/", TarEntryType.Directory, mode: 0x1ED, xattrs: ("system.posix_acl_default", inherited));
        await layer.FileAsync("opt/inherited/in");
        await layer.AddAsync("opt/trusted", TarEntryType.RegularFile, "t", xattrs: ("trusted.test", [0, 0xFF, 0x0A, 0x3D]));
        await layer.AddAsync("opt/user", TarEntryType.RegularFile, "u", xattrs: [("user.a", [1]), ("user.b", [0x0A, 0, 0x80])]);
        await layer.AddAsync("opt/fraction", TarEntryType.RegularFile, "n", nanoseconds: 123_456_789);
        await layer.AddAsync("opt/fractions/", TarEntryType.Directory, mode: 0x1ED, nanoseconds: 500_000_000);
        await layer.AddAsync("opt/link", TarEntryType.SymbolicLink, link: "x", nanoseconds: 250_000_000);
        await layer.AddAsync("opt/suid", TarEntryType.RegularFile, "s", mode: 0xDED, owner: 1000);
        await layer.AddAsync("opt/fifo", TarEntryType.Fifo, mode: 0x180);
        await layer.FileAsync("opt/n\u00FE\u00FF", "latin");
        await layer.DirectoryAsync("opt/opaque/");
        await layer.FileAsync("opt/opaque/one");
        await layer.DirectoryAsync("opt/opaque/sub/");
        await layer.FileAsync("opt/opaque/sub/two");
        await layer.DirectoryAsync("opt/late/");
        await layer.FileAsync("opt/late/one");
        await layer.FileAsync("opt/again", "old");
        await layer.FileAsync("opt/removed");
        await layer.DirectoryAsync("opt/linked/");
        await layer.FileAsync("opt/linked/a", "a");
        await layer.HardLinkAsync("opt/linked/b", "opt/linked/a");
        await layer.DirectoryAsync("opt/gone/");
        await layer.FileAsync("opt/gone/x");
        await layer.FileAsync("opt/file");
        await layer.DirectoryAsync("opt/directory/");
        await layer.FileAsync("opt/directory/x");

        return await layer.CompleteAsync();
    }

    private static async Task<byte[]> WriteChangesAsync()
    {
        using var layer = new LayerWriting();
        await layer.DirectoryAsync("opt/");
        await layer.FileAsync("opt/.wh.removed", "");
        await layer.DirectoryAsync("opt/opaque/", 0x1C9);
        await layer.FileAsync("opt/opaque/.wh..wh..opq", "");
        await layer.FileAsync("opt/opaque/new");
        await layer.DirectoryAsync("opt/linked/");
        await layer.FileAsync("opt/linked/a", "changed");
        await layer.DirectoryAsync("opt/gone/");
        await layer.FileAsync("opt/gone/.wh.x", "");
        await layer.FileAsync("opt/gone/y");
        await layer.DirectoryAsync("opt/file/");
        await layer.FileAsync("opt/file/x");
        await layer.FileAsync("opt/directory");

        return await layer.CompleteAsync();
    }

    private static async Task<byte[]> WriteOddAsync()
    {
        using var layer = new LayerWriting();
        await layer.FileAsync("opt/late/new");
        await layer.FileAsync("opt/late/.wh..wh..opq", "");
        await layer.FileAsync("opt/again", "new");
        await layer.FileAsync("opt/.wh.again", "");
        await layer.FileAsync("opt/.wh.gone", "");
        await layer.FileAsync("opt/gone/z");
        await layer.FileAsync("var/run/new/file");
        await layer.HardLinkAsync("opt/hard", "bin/busybox");
        await layer.FileAsync("implied/deep/file");

        return await layer.CompleteAsync();
    }

    private async Task AddAsync(string tag, params byte[][] archives)
    {
        OciLayout layout = await OciLayout.OpenOrCreateAsync(Layout, cancellationToken: TestContext.Current.CancellationToken);
        ContainerImage image = await ContainerImage.OpenAsync(layout, "tools", cancellationToken: TestContext.Current.CancellationToken);
        var layers = new List<Descriptor>(image.Manifest.Value.Layers);
        var diffIds = new List<Digest>(image.Config.Value.RootFs.DiffIds);
        foreach (byte[] archive in archives)
        {
            layers.Add(await TestImage.PushAsync(layout, MediaTypes.Layer, archive));
            diffIds.Add(Digest.Compute(archive));
        }

        var config = OciDocument<ImageConfig>.Create(image.Config.Value with
        {
            RootFs = new RootFs { DiffIds = diffIds },
            History = [],
        });
        await TestImage.PushAsync(layout, MediaTypes.ImageConfig, config.Bytes);
        Descriptor manifest = await TestContent.PushManifestAsync(layout, config.Descriptor, layers);
        await layout.TagAsync(manifest, tag, TestContext.Current.CancellationToken);
    }

    private static Task<string> RunAsync(string program, params string[] arguments) => Peer.Require(program).RunOkAsync(arguments);

    private async Task<string> BuildahAsync(params string[] arguments)
    {
        string output = await Peer.Require("buildah").RunOkAsync(
        [
            "--root", Path.Combine(directory, "buildah"), "--runroot", Path.Combine(directory, "run"), "--storage-driver", "vfs",
            .. arguments,
        ]);

        return output.Trim();
    }
}
