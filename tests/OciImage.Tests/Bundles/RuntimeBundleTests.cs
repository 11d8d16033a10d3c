using System.Text;
using OciImage.Bundles;
using OciImage.Images;
using OciImage.Layers;
using OciImage.Linux;
using OciImage.TestKit;
using OciImage.Tests.Layers;

namespace OciImage.Tests.Bundles;

public sealed class RuntimeBundleTests : IDisposable
{
    private static readonly ContainerConfig Shell = new() { Cmd = ["/bin/sh"], User = "web" };

    private readonly BundleFixture _bundle = new();

    public void Dispose() => _bundle.Dispose();

    [Fact]
    public async Task WriteAsync_WritesTheTreeAndTheConfiguration()
    {
        ContainerImage image = await MakeAsync(Shell);

        RuntimeSpecification specification = await _bundle.WriteAsync(image);

        Assert.Equal("#!", await File.ReadAllTextAsync(_bundle.PathOf("rootfs", "bin", "sh"), Token));
        Assert.Equal(specification, _bundle.Read());
        Assert.Equal((101u, 102u), (specification.Process!.User.Uid, specification.Process.User.Gid));
        Assert.Equal([200u], specification.Process.User.AdditionalGids);
        Assert.Contains("HOME=/home/web", specification.Process.Env);
        Assert.Equal(
            ["config.json", "rootfs"], Directory.GetFileSystemEntries(_bundle.Target).Select(Path.GetFileName).Order());
        Assert.Equal([_bundle.Target], Directory.GetFileSystemEntries(_bundle.Place));
    }

    [Fact]
    public async Task WriteAsync_LetsOnlyTheOwnerIn()
    {
        ContainerImage image = await MakeAsync(Shell);

        await _bundle.WriteAsync(image);

        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, ModeOf(_bundle.Target));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, ModeOf(_bundle.PathOf("config.json")));
    }

    [Fact]
    public async Task WriteAsync_ReadsTheUserFromTheLastLayerAndNotFromTheHost()
    {
        ContainerImage image = await _bundle.MakeImageAsync(
            new ContainerConfig { Cmd = ["a"], User = "root" },
            TestEntry.Directory("etc"),
            TestEntry.Symlink("etc/passwd", "/../../../../etc/passwd"));

        BundleException refusal = await Assert.ThrowsAsync<BundleException>(() => _bundle.WriteAsync(image));

        Assert.Equal(BundleErrorKind.UnreadableUsers, refusal.Kind); // in the root the link leads to itself
        _bundle.AssertNothingLeft();
    }

    [Fact]
    public async Task WriteAsync_NeverWaitsForAFifo()
    {
        ContainerImage image = await _bundle.MakeImageAsync(
            Shell, TestEntry.Directory("etc"), TestEntry.Fifo("etc/passwd"), TestEntry.Fifo("etc/group"));

        BundleException refusal = await Assert.ThrowsAsync<BundleException>(() => _bundle.WriteAsync(image));

        Assert.Equal(BundleErrorKind.UnreadableUsers, refusal.Kind);
        _bundle.AssertNothingLeft();
    }

    [Fact]
    public async Task WriteAsync_RefusesAnImageBeforeItReadsALayer()
    {
        ContainerImage missing = await WithoutLayerAsync(new ContainerConfig { User = "web" });
        ContainerImage number = await WithoutLayerAsync(Shell with { User = "4294967296" });

        BundleErrorKind[] kinds =
        [
            (await Assert.ThrowsAsync<BundleException>(() => _bundle.WriteAsync(missing))).Kind,
            (await Assert.ThrowsAsync<BundleException>(() => _bundle.WriteAsync(number))).Kind,
        ];

        Assert.Equal([BundleErrorKind.NoCommand, BundleErrorKind.InvalidUser], kinds);
        _bundle.AssertNothingLeft();
    }

    [Fact]
    public async Task WriteAsync_LeavesNothingWhenALayerIsMissing()
    {
        ContainerImage image = await WithoutLayerAsync(Shell);

        await Assert.ThrowsAsync<ContentNotFoundException>(() => _bundle.WriteAsync(image));

        _bundle.AssertNothingLeft();
    }

    [Fact]
    public async Task WriteAsync_WritesNoConfigurationWithoutAMountNamespace()
    {
        ContainerImage image = await MakeAsync(Shell);
        Directory.CreateDirectory(_bundle.Target);
        await File.WriteAllTextAsync(_bundle.PathOf("mine"), "mine", Token);
        var options = new RuntimeBundleOptions
        {
            Change = specification => specification with { Linux = new RuntimeLinux() },
            Unpack = new UnpackOptions { Force = true },
        };

        BundleException refusal = await Assert.ThrowsAsync<BundleException>(() => _bundle.WriteAsync(image, options));

        Assert.Equal(BundleErrorKind.NoMountNamespace, refusal.Kind);
        Assert.Equal([_bundle.PathOf("mine")], Directory.GetFileSystemEntries(_bundle.Target));
    }

    [Fact]
    public async Task WriteAsync_WritesWhatACallerChanges()
    {
        ContainerImage image = await MakeAsync(Shell);
        var options = new RuntimeBundleOptions
        {
            Change = specification => specification with
            {
                Mounts = [.. specification.Mounts, new RuntimeMount { Destination = "/more", Type = "tmpfs" }],
            },
        };

        await _bundle.WriteAsync(image, options);

        Assert.Equal("/more", _bundle.Read().Mounts[^1].Destination);
    }

    [Fact]
    public async Task WriteAsync_ReplacesABundleOnlyWhenItIsToldTo()
    {
        ContainerImage image = await MakeAsync(Shell);
        await _bundle.WriteAsync(image);
        await File.WriteAllTextAsync(_bundle.PathOf("rootfs", "old"), "old", Token);

        await Assert.ThrowsAsync<IOException>(() => _bundle.WriteAsync(image));
        Assert.True(File.Exists(_bundle.PathOf("rootfs", "old")));
        await _bundle.WriteAsync(image, new RuntimeBundleOptions { Unpack = new UnpackOptions { Force = true } });

        Assert.False(File.Exists(_bundle.PathOf("rootfs", "old")));
        Assert.Equal([_bundle.Target], Directory.GetFileSystemEntries(_bundle.Place));
    }

    [Fact]
    public async Task WriteAsync_LeavesNothingWhenCancelledAtTheEnd()
    {
        ContainerImage image = await MakeAsync(Shell);
        using var cancellation = new CancellationTokenSource();
        var options = new RuntimeBundleOptions
        {
            Change = specification =>
            {
                cancellation.Cancel();
                return specification;
            },
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await RuntimeBundle.WriteAsync(image, _bundle.Target, options, cancellation.Token));

        _bundle.AssertNothingLeft();
    }

    [Fact]
    public async Task WriteAsync_MakesDirectoriesForVolumesWithTheirModes()
    {
        ContainerImage image = await _bundle.MakeImageAsync(
            Shell with { User = null, Volumes = ["/link", "/missing", "/var/data"] },
            TestEntry.Directory("var/data", "1770"),
            TestEntry.Symlink("link", "../../../var/data"));

        RuntimeSpecification specification = await _bundle.WriteAsync(
            image, new RuntimeBundleOptions { Volumes = VolumeMounts.Directories });

        string[] sources = [.. specification.Mounts.TakeLast(3).Select(mount => mount.Source!)];
        Assert.Equal(["volumes/0", "volumes/1", "volumes/2"], sources);
        Assert.Equal(
            [0x3F8, 0x1ED, 0x3F8], sources.Select(source => (int)ModeOf(_bundle.PathOf(source))));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_bundle.PathOf("volumes", "0")));
    }

    [Fact]
    public async Task WriteAsync_GivesVolumesInMemoryTheirOwner()
    {
        ContainerImage image = await _bundle.MakeImageAsync(
            Shell with { User = null, Volumes = ["/data"] }, TestEntry.Directory("data", "700"));

        RuntimeSpecification specification = await _bundle.WriteAsync(image);

        // Without root's privileges owners are ignored, and the tree is that of who runs the test.
        bool isRoot = System.Environment.UserName == "root";
        Assert.Equal(isRoot, specification.Mounts[^1].Options.Contains($"uid={FixtureOwner.Uid}"));
        Assert.Contains("tmpcopyup", specification.Mounts[^1].Options);
    }

    [Fact]
    public async Task WriteAsync_MapsRootToTheCaller()
    {
        ContainerImage image = await MakeAsync(Shell with { User = "0" });

        RuntimeSpecification specification = await _bundle.WriteAsync(
            image, new RuntimeBundleOptions { Preset = BundlePreset.Rootless });

        RuntimeIdMapping mapping = Assert.Single(specification.Linux!.UidMappings);
        Assert.Equal((0u, 1u), (mapping.ContainerId, mapping.Size));
        Assert.Equal(Libc.GetEffectiveUserId(), mapping.HostId);
        Assert.DoesNotContain(specification.Linux.Namespaces, one => one.Type == "network");
    }

    [Fact]
    public async Task WriteAsync_KeepsTheTimeAsTheImageWritesIt()
    {
        LayerToApply layer = await TestLayer.AddAsync(_bundle.Store, TestEntry.File("f"));
        string config =
            $$$"""
            {"created":"2026-01-02T03:04:05.123456789+01:00","os":"linux","architecture":"amd64","config":{"Cmd":["a"]},
            "rootfs":{"type":"layers","diff_ids":["{{{layer.DiffId}}}"]}}
            """;
        ContainerImage image = await _bundle.OpenAsync(Encoding.UTF8.GetBytes(config), layer.Descriptor);

        RuntimeSpecification specification = await _bundle.WriteAsync(image);

        Assert.Equal(
            "2026-01-02T03:04:05.123456789+01:00", specification.Annotations["org.opencontainers.image.created"]);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Task<ContainerImage> MakeAsync(ContainerConfig config) => _bundle.MakeImageAsync(
        config,
        TestEntry.File("bin/sh", "#!"),
        TestEntry.File("etc/passwd", "root:x:0:0::/root:/bin/sh\nweb:x:101:102::/home/web:/bin/sh\n"),
        TestEntry.File("etc/group", "www:x:200:web\n"));

    private async Task<ContainerImage> WithoutLayerAsync(ContainerConfig config)
    {
        var layer = Descriptor.Create(MediaTypes.Layer, Encoding.UTF8.GetBytes(config.User ?? ""));
        var document = OciDocument<ImageConfig>.Create(new ImageConfig
        {
            Architecture = "amd64",
            Os = "linux",
            Config = config,
            RootFs = new RootFs { DiffIds = [layer.Digest] },
        });

        return await _bundle.OpenAsync(document.Bytes, layer);
    }

    private static UnixFileMode ModeOf(string path) =>
        OperatingSystem.IsWindows() ? UnixFileMode.None : new FileInfo(path).UnixFileMode;
}
