using OciImage.Layers;
using static OciImage.Tests.Layers.TestEntry;

namespace OciImage.Tests.Layers;

public sealed class UnpackTargetTests : IDisposable
{
    private readonly UnpackFixture _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public async Task UnpackAsync_FillsAnEmptyDirectoryAndMakesMissingParents()
    {
        System.IO.Directory.CreateDirectory(_tree.Target);
        await _tree.UnpackAsync([File("a")]);
        string deeper = Path.Combine(_tree.Place, "new", "parents", "root");

        await LayerUnpacker.UnpackAsync(
            _tree.Store, [await TestLayer.AddAsync(_tree.Store, File("b"))], deeper, null, TestContext.Current.CancellationToken);

        Assert.Equal(["a"], _tree.Paths());
        Assert.Equal([Path.Combine(deeper, "b")], System.IO.Directory.GetFileSystemEntries(deeper));
    }

    [Fact]
    public async Task UnpackAsync_RefusesATargetThatIsNotEmptyOrNoDirectory()
    {
        System.IO.Directory.CreateDirectory(_tree.Target);
        System.IO.File.WriteAllText(_tree.PathOf("mine"), "mine");

        await Assert.ThrowsAsync<IOException>(() => _tree.UnpackAsync([File("a")]));
        Assert.Equal(["mine"], _tree.Paths());

        System.IO.Directory.Delete(_tree.Target, recursive: true);
        System.IO.File.WriteAllText(_tree.Target, "mine");
        _tree.Options.Force = true;
        await Assert.ThrowsAsync<IOException>(() => _tree.UnpackAsync([File("a")]));
        Assert.Equal("mine", System.IO.File.ReadAllText(_tree.Target));
    }

    [Fact]
    public async Task UnpackAsync_ReplacesOnRequestAndOnlyOnSuccess()
    {
        System.IO.Directory.CreateDirectory(_tree.PathOf("old/deep"));
        System.IO.File.WriteAllText(_tree.PathOf("old/deep/file"), "mine");
        _tree.Options.Force = true;

        await Assert.ThrowsAsync<LayerException>(() => _tree.UnpackAsync([File("a"), File("../b")]));
        Assert.Equal(["old", "old/deep", "old/deep/file"], _tree.Paths());
        AssertNoStaging();

        await _tree.UnpackAsync([File("a")]);
        Assert.Equal(["a"], _tree.Paths());
        AssertNoStaging();
    }

    [Fact]
    public async Task UnpackAsync_DoesNotReplaceWhatAppearedMeanwhile()
    {
        LayerToApply layer = await TestLayer.AddAsync(_tree.Store, File("a"));
        foreach (bool before in new[] { true, false })
        {
            if (before)
            {
                System.IO.Directory.CreateDirectory(_tree.Target);
            }

            var source = new MeddlingFetcher(_tree, () =>
            {
                System.IO.Directory.CreateDirectory(_tree.Target);
                System.IO.File.WriteAllText(_tree.PathOf("mine"), "mine");
            });

            await Assert.ThrowsAsync<IOException>(() => LayerUnpacker.UnpackAsync(
                source, [layer], _tree.Target, null, TestContext.Current.CancellationToken).AsTask());

            Assert.Equal(["mine"], _tree.Paths());
            AssertNoStaging();
            System.IO.Directory.Delete(_tree.Target, recursive: true);
        }
    }

    [Fact]
    public async Task UnpackAsync_TakesNoAclFromThePlace()
    {
        // Owner rwx, user 1234 rwx, group r-x, mask rwx, others ---.
        byte[] acl =
        [
            2, 0, 0, 0, 1, 0, 7, 0, 255, 255, 255, 255, 2, 0, 7, 0, 0xD2, 4, 0, 0, 4, 0, 5, 0, 255, 255, 255, 255, 16, 0, 7, 0, 255, 255, 255, 255,
            32, 0, 0, 0, 255, 255, 255, 255,
        ];
        Assert.SkipUnless(TestXattrs.TrySet(_tree.Place, "system.posix_acl_default", acl), "The file system has no ACLs.");

        await _tree.UnpackAsync([File("f") with { Mode = Octal("640") }, Directory("d"), File("d/g"), File("e/h")]);

        foreach (string path in new[] { "f", "d", "d/g", "e", "e/h" })
        {
            Assert.DoesNotContain(TestXattrs.List(_tree.PathOf(path)), name => name.StartsWith("system.", StringComparison.Ordinal));
        }

        Assert.Equal(Octal("640"), _tree.StatusOf("f").Permissions);
    }

    [Fact]
    public async Task UnpackAsync_StaysWithThePlaceItOpened() // P33
    {
        string place = Path.Combine(_tree.Place, "place");
        System.IO.Directory.CreateDirectory(place);
        LayerToApply layer = await TestLayer.AddAsync(_tree.Store, File("a"));
        var source = new MeddlingFetcher(_tree, () =>
        {
            System.IO.Directory.Move(place, place + "-moved");
            System.IO.File.CreateSymbolicLink(place, _tree.Outside);
        });

        await LayerUnpacker.UnpackAsync(
            source, [layer], Path.Combine(place, "root"), null, TestContext.Current.CancellationToken);

        _tree.AssertOutsideUntouched();
        Assert.True(System.IO.File.Exists(place + "-moved/root/a"));
    }

    [Fact]
    public async Task UnpackAsync_FollowsATargetThatIsALinkToADirectory() // P33
    {
        string real = Path.Combine(_tree.Place, "real");
        System.IO.Directory.CreateDirectory(real);
        System.IO.File.CreateSymbolicLink(_tree.Target, real);

        await _tree.UnpackAsync([File("a")]);

        Assert.True(System.IO.File.Exists(Path.Combine(real, "a")));
        Assert.Equal(real, new FileInfo(_tree.Target).LinkTarget);
    }

    [Fact]
    public async Task UnpackAsync_RefusesALinkToNothingAndTheRootOfTheSystem()
    {
        System.IO.File.CreateSymbolicLink(_tree.Target, Path.Combine(_tree.Place, "nothing"));
        await Assert.ThrowsAsync<IOException>(() => _tree.UnpackAsync([File("a")]));

        await Assert.ThrowsAsync<ArgumentException>(() => LayerUnpacker.UnpackAsync(
            _tree.Store, [], "/", new UnpackOptions { Force = true }, TestContext.Current.CancellationToken).AsTask());
    }

    [Theory]
    [InlineData("555")] // as the root of many distributions
    [InlineData("0")]
    public async Task UnpackAsync_PublishesARootThatItsOwnerMayNotWriteTo(string mode)
    {
        await _tree.UnpackAsync([Directory("./", mode) with { Time = new(1000, 0) }, File("a")]);
        Assert.Equal((Octal(mode), 1000), (_tree.StatusOf("").Permissions, _tree.StatusOf("").ModifiedSeconds));
        UnpackFixture.SetMode(_tree.Target, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        _tree.Options.Force = true;
        await _tree.UnpackAsync([Directory("./", mode), File("b")]);
        AssertNoStaging();
        Assert.Equal(Octal(mode), _tree.StatusOf("").Permissions);
        UnpackFixture.SetMode(_tree.Target, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.Equal(["b"], _tree.Paths());
    }

    [Fact]
    public async Task UnpackAsync_KeepsTheStagedTreeFromOthersUntilItIsProven()
    {
        LayerToApply layer = await TestLayer.AddAsync(_tree.Store, File("a"));
        UnixFileMode[] modes = [];
        var source = new MeddlingFetcher(
            _tree,
            () => modes =
            [
                .. System.IO.Directory.GetFileSystemEntries(_tree.Place, ".*").Select(path => new FileInfo(path).UnixFileMode),
            ]);

        await LayerUnpacker.UnpackAsync(source, [layer], _tree.Target, null, TestContext.Current.CancellationToken);

        Assert.Equal([UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute], modes);
        AssertNoStaging();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task UnpackAsync_WorksInsideATargetWhoseParentCannotBeWritten(bool force)
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "Root can write anywhere.");
        System.IO.Directory.CreateDirectory(_tree.Target);
        _tree.Options.Force = force;
        if (force)
        {
            System.IO.File.WriteAllText(_tree.PathOf("old"), "old");
        }

        UnpackFixture.SetMode(_tree.Place, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            await Assert.ThrowsAsync<LayerException>(() => _tree.UnpackAsync([File("a"), File("../b")]));
            Assert.Equal(force ? ["old"] : [], _tree.Paths());

            await _tree.UnpackAsync([Directory("closed", "555"), File("closed/a"), Directory("./", "750")]);
        }
        finally
        {
            UnpackFixture.SetMode(_tree.Place, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        Assert.Equal(["closed", "closed/a"], _tree.Paths());
        Assert.Equal(Octal("555"), _tree.StatusOf("closed").Permissions);
        Assert.Equal(Octal("750"), _tree.StatusOf("").Permissions);
    }

    [Theory]
    [InlineData("-t", "tmpfs", "none")]
    [InlineData("--bind", "real", null)]
    public async Task UnpackAsync_WorksInsideAMountPoint(string option, string what, string? device)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can mount.");
        System.IO.Directory.CreateDirectory(_tree.Target);
        string real = System.IO.Directory.CreateDirectory(Path.Combine(_tree.Place, "real")).FullName;
        string[] source = device is null ? [real] : [what, device];
        Assert.SkipUnless(await RunAsync("mount", [option, .. source, _tree.Target]), "Mounting is not possible here.");
        try
        {
            _tree.Options.Force = true;
            System.IO.File.WriteAllText(_tree.PathOf("old"), "old");

            await Assert.ThrowsAsync<LayerException>(() => _tree.UnpackAsync([File("a"), File("../b")]));
            Assert.Equal(["old"], _tree.Paths());

            await _tree.UnpackAsync([Directory("./", "750") with { Time = new(1000, 0) }, File("dir/a"), File(".hidden")]);
            Assert.Equal([".hidden", "dir", "dir/a"], _tree.Paths());
            Assert.Equal((Octal("750"), 1000), (_tree.StatusOf("").Permissions, _tree.StatusOf("").ModifiedSeconds));

            _tree.Options.Force = false;
            await Assert.ThrowsAsync<IOException>(() => _tree.UnpackAsync([File("a")]));
        }
        finally
        {
            await RunAsync("umount", [_tree.Target]);
        }
    }

    private static async Task<bool> RunAsync(string program, string[] arguments)
    {
        var start = new System.Diagnostics.ProcessStartInfo(program, arguments) { RedirectStandardError = true };
        using System.Diagnostics.Process? process = System.Diagnostics.Process.Start(start);
        await process!.WaitForExitAsync(TestContext.Current.CancellationToken);

        return process.ExitCode == 0;
    }

    private void AssertNoStaging() => Assert.Empty(System.IO.Directory.GetFileSystemEntries(_tree.Place, ".*"));

    private sealed class MeddlingFetcher(UnpackFixture tree, Action meddle) : OciImage.Content.IContentFetcher
    {
        public ValueTask<OciImage.Content.ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
        {
            meddle();
            return tree.Store.OpenReadAsync(descriptor, cancellationToken);
        }
    }
}
