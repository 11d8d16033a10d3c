using System.Text;
using OciImage.Compression;
using OciImage.Content;
using OciImage.Layers;
using OciImage.Linux;
using OciImage.Tar;
using static OciImage.Tests.Layers.TestEntry;

namespace OciImage.Tests.Layers;

/// <summary>Hostile layers, through the kernel's resolution of paths and through our own.</summary>
public abstract class LayerUnpackerAttackTests : IDisposable
{
    private readonly UnpackFixture _tree;

    protected LayerUnpackerAttackTests(bool avoidOpenAt2)
    {
        Assert.SkipUnless(avoidOpenAt2 || PathWalker.HasOpenAt2, "The kernel does not offer openat2.");
        _tree = new UnpackFixture { Options = new UnpackOptions { AvoidOpenAt2 = avoidOpenAt2 } };
    }

    public void Dispose()
    {
        _tree.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task UnpackAsync_TakesNamesAsRelativeToTheRoot()
    {
        await _tree.UnpackAsync([File("/etc/x"), File("./a"), File("b//c"), File("d/./e"), File("f/../g"), Directory("h/")]); // P02, P04

        Assert.Equal(["a", "b", "b/c", "d", "d/e", "etc", "etc/x", "g", "h"], _tree.Paths());
    }

    [Theory]
    [InlineData("..")]
    [InlineData("../x")]
    [InlineData("a/../../x")] // P03
    [InlineData("a/b/../../../x")]
    [InlineData("/../x")]
    public async Task UnpackAsync_RefusesNamesThatClimbAboveTheRoot(string name)
    {
        foreach (TarEntryType type in new[] { TarEntryType.RegularFile, TarEntryType.Directory, TarEntryType.SymbolicLink, TarEntryType.Fifo })
        {
            LayerException refusal = await _tree.RefuseAsync(
                [new TestEntry(type, name) { Link = type == TarEntryType.SymbolicLink ? "x" : "" }]);

            Assert.Equal(LayerErrorKind.Unsafe, refusal.Kind);
        }
    }

    [Theory]
    [InlineData("/")] // P05
    [InlineData("//")]
    [InlineData(".")] // P07
    [InlineData("./")]
    [InlineData("/.")]
    [InlineData("a/..")]
    public async Task UnpackAsync_RefusesARootThatIsNoDirectory(string name)
    {
        await _tree.RefuseAsync([Symlink(name, "../outside")]);
        await _tree.RefuseAsync([Fifo(name)]);
        await _tree.RefuseAsync([File("f"), HardLink(name, "f")]);
    }

    [Fact]
    public async Task UnpackAsync_RefusesAnEmptyName() // P05
    {
        byte[] archive = await TestLayer.ArchiveAsync(File("x", ""));
        RawHeader.Patch(archive.AsSpan(0, 512), header => header[0] = 0);

        await RefuseAsync(await TestLayer.AddArchiveAsync(_tree.Store, archive));
    }

    [Theory]
    [InlineData("../outside")] // P09
    [InlineData("../../../../../../../../outside")]
    [InlineData("/../outside")]
    [InlineData("dir/../../outside")]
    public async Task UnpackAsync_ContainsLinksThatPointOutside(string target)
    {
        await _tree.UnpackAsync([Directory("dir"), Symlink("l", target), File("l/x"), File("l/y/z"), Directory("l/", "755")]);

        Assert.True(_tree.Exists("outside/y/z") || _tree.Exists("l/x"));
        _tree.AssertOutsideUntouched();
    }

    [Fact]
    public async Task UnpackAsync_ContainsAbsoluteLinksToThePlaceItself()
    {
        await _tree.UnpackAsync([Symlink("l", _tree.Outside), File("l/file", "hostile"), Symlink("m", $"{_tree.Outside}/file"), File("m", "hostile")]);

        _tree.AssertOutsideUntouched();
        Assert.Equal("hostile", _tree.Read(_tree.Outside[1..] + "/file"));
        Assert.Equal("hostile", _tree.Read("m"));
        Assert.Null(new FileInfo(_tree.PathOf("m")).LinkTarget); // P17
    }

    [Fact]
    public async Task UnpackAsync_ContainsChainsOfLinks() // P10
    {
        await _tree.UnpackAsync(
            [Directory("d"), Symlink("d/up", "../.."), Symlink("s", "d/up/.."), File("s/outside/x"), File("d/up/outside/y")]);

        Assert.Equal(["d", "d/up", "outside", "outside/x", "outside/y", "s"], _tree.Paths());
    }

    [Fact]
    public async Task UnpackAsync_RefusesChainsThatAreTooLong() // P11
    {
        string deep = string.Join('/', Enumerable.Repeat(new string('d', 200), 5));
        TestEntry[] links = [.. Enumerable.Range(0, 60).Select(i => Symlink($"l{i}", i == 0 ? deep : $"l{i - 1}/{deep}"))];

        await _tree.RefuseAsync([Directory(deep), .. links, File("l59/x")]);
    }

    [Fact]
    public async Task UnpackAsync_RefusesLinksInACircle() // P12
    {
        await _tree.RefuseAsync([Symlink("a", "b"), Symlink("b", "a"), File("a/x")]);
        await _tree.RefuseAsync([Symlink("a", "a/a"), File("a/x")]);
        await _tree.RefuseAsync([Symlink("a", "a"), HardLink("b", "a/x")]);
        await _tree.RefuseAsync([File("x")], [Symlink("a", "a"), File("a/.wh.x", "")]);
    }

    [Fact]
    public async Task UnpackAsync_ForgetsWhereAPathLedWhenALinkReplacesIt() // P13
    {
        await _tree.UnpackAsync(
        [
            Directory("foo"), File("foo/tmp/f", "1"), Symlink("foo", "/"), File("foo/tmp/f", "2"), Symlink("foo", "../outside"),
            File("foo/file", "3"), Directory("foo"),
        ]);

        Assert.Equal(["foo", "outside", "outside/file", "tmp", "tmp/f"], _tree.Paths());
        Assert.Equal("2", _tree.Read("tmp/f"));
    }

    [Fact]
    public async Task UnpackAsync_ForgetsWhereAPathLedWhenAHardLinkOrWhiteoutReplacesIt()
    {
        await _tree.UnpackAsync(
            [Symlink("out", "/elsewhere"), Directory("a"), File("a/b/c", "1"), HardLink("a/b", "out"), File("a/b/c", "2")],
            [File("a/d", "3"), File(".wh.a", ""), File("a/d", "4")]);

        Assert.Equal("2", _tree.Read("elsewhere/c"));
        Assert.Equal("4", _tree.Read("a/d"));
        Assert.Equal(["a", "a/d", "elsewhere", "elsewhere/c", "out"], _tree.Paths());
    }

    [Theory]
    [InlineData(true)] // P15
    [InlineData(false)]
    public async Task UnpackAsync_ResolvesAbsoluteLinksOfLowerLayersInTheRoot(bool present)
    {
        TestEntry[] lower = [Symlink("var/run", "/run"), .. present ? new[] { Directory("run", "711") } : []];

        await _tree.UnpackAsync(lower, [File("var/run/new/f")]);

        Assert.Equal(["run", "run/new", "run/new/f", "var", "var/run"], _tree.Paths());
        Assert.Equal("/run", new FileInfo(_tree.PathOf("var/run")).LinkTarget);
        Assert.Equal(Octal(present ? "711" : "755"), _tree.StatusOf("run").Permissions);
    }

    [Fact]
    public async Task UnpackAsync_ReplacesALinkByADirectory() // P18
    {
        await _tree.UnpackAsync([Symlink("foo", _tree.Outside), Directory("foo", "777"), Symlink("bar", "../outside"), Directory("bar/", "777")]);

        Assert.Equal(FileStatus.Directory, _tree.StatusOf("foo").Type);
        Assert.Equal(FileStatus.Directory, _tree.StatusOf("bar").Type); // P20
        Assert.Equal(Octal("777"), _tree.StatusOf("bar").Permissions);
    }

    [Fact]
    public async Task UnpackAsync_RefusesNamesThatTheSystemCannotHave() // P23
    {
        await _tree.RefuseAsync([File(new string('n', 256))]);
        await _tree.RefuseAsync([File(string.Join('/', Enumerable.Repeat(new string('n', 100), 41)))]);

        await _tree.UnpackAsync([File(new string('n', 255)), File(string.Join('/', Enumerable.Repeat(new string('n', 100), 40)))]);
    }

    [Fact]
    public async Task UnpackAsync_RefusesTreesThatAreTooDeep() // P24
    {
        _tree.Options.MaxDepth = 50;
        string deep = string.Join('/', Enumerable.Repeat("d", 30));

        Assert.Equal(LayerErrorKind.LimitExceeded, (await _tree.RefuseAsync([Directory(deep + "/" + deep)])).Kind);
        Assert.Equal(LayerErrorKind.LimitExceeded, (await _tree.RefuseAsync([Directory(deep), Symlink("l", deep), Directory("l/" + deep)])).Kind);
        Assert.Equal(LayerErrorKind.LimitExceeded, (await _tree.RefuseAsync([Directory(deep), Symlink("l", deep), File("l/" + deep + "/f")])).Kind);
    }

    [Fact]
    public async Task UnpackAsync_TakesTheDeepestTreeThatIsAllowed()
    {
        string deep = string.Join('/', Enumerable.Repeat("d", 1000));

        await _tree.UnpackAsync([Directory(deep)], [File("d/.wh..wh..opq", ""), File(".wh.d", "")]);

        Assert.Empty(_tree.Paths());
    }

    [Fact]
    public async Task UnpackAsync_ReplacesAFileThatIsInTheWayOfADirectory() // P31
    {
        await _tree.UnpackAsync([File("nondir")], [File("nondir/foo/bar"), File("lf"), Symlink("link", "lf"), File("link/x")]);

        Assert.Equal(["lf", "lf/x", "link", "nondir", "nondir/foo", "nondir/foo/bar"], _tree.Paths());
    }

    [Fact]
    public async Task UnpackAsync_ReplacesAFullTreeByAFile() // P32, P37
    {
        await _tree.UnpackAsync(
            [File("d/a/\u00ff"), Directory("d/closed", "0"), Symlink("d/out", _tree.Outside), File("l/x"), Fifo("d/p")],
            [File("d"), Symlink("l", "d")]);

        Assert.Equal(["d", "l"], _tree.Paths());
    }

    [Fact]
    public async Task UnpackAsync_ContainsHardLinks() // L03
    {
        await _tree.UnpackAsync([Symlink("l", "../outside"), File("outside/file", "inside"), HardLink("h", "l/file"), HardLink("a", "/outside/file")]);

        Assert.Equal("inside", _tree.Read("h"));
        Assert.Equal("inside", _tree.Read("a"));
    }

    [Fact]
    public async Task UnpackAsync_RefusesHardLinksThatLeadNowhere()
    {
        await _tree.RefuseAsync([HardLink("h", "../outside/file")]);
        await _tree.RefuseAsync([HardLink("h", _tree.Outside + "/file")]);
        await _tree.RefuseAsync([Symlink("l", "../outside"), HardLink("h", "l/file")]);
        await _tree.RefuseAsync([HardLink("h", "later"), File("later")]); // L07
        await _tree.RefuseAsync([HardLink("h", "h")]); // L08
        await _tree.RefuseAsync([HardLink("a", "b"), HardLink("b", "a")]); // L10
        await _tree.RefuseAsync([Directory("d"), HardLink("h", "d")]); // L09
        await _tree.RefuseAsync([HardLink("h", "/")]);
        await _tree.RefuseAsync([File("f")], [File(".wh.f", ""), HardLink("h", "f")]); // L18
    }

    [Fact]
    public async Task UnpackAsync_LinksALinkItselfAndLeavesItsTargetAlone()
    {
        await _tree.UnpackAsync(
        [
            File("target") with { Mode = Octal("600") }, Symlink("l", "target"), HardLink("h", "l") with { Mode = Octal("777") }, // L04, L13
            Symlink("o", _tree.Outside + "/file"), HardLink("p", "o") with { Mode = Octal("777") },
        ]);

        Assert.Equal("target", new FileInfo(_tree.PathOf("h")).LinkTarget);
        Assert.Equal(_tree.StatusOf("l").Inode, _tree.StatusOf("h").Inode);
        Assert.Equal(Octal("600"), _tree.StatusOf("target").Permissions);
    }

    [Fact]
    public async Task UnpackAsync_KeepsAFileThatIsLinkedToItselfOrLinkedAgain()
    {
        await _tree.UnpackAsync([File("f", "x"), HardLink("f", "f"), HardLink("./f", "/f"), HardLink("g", "f"), HardLink("g", "f"), HardLink("f", "g")]); // L08

        Assert.Equal("x", _tree.Read("f"));
        Assert.Equal("x", _tree.Read("g"));
    }

    [Fact]
    public async Task UnpackAsync_LinksToLowerLayersAndIgnoresWhatTheLinkSaysOfTheFile()
    {
        await _tree.UnpackAsync([File("f", "x") with { Mode = Octal("640") }], [HardLink("g", "f") with { Mode = Octal("777"), Time = new(1, 0) }]); // L11, L14

        Assert.Equal("x", _tree.Read("g"));
        Assert.Equal(Octal("640"), _tree.StatusOf("f").Permissions);
        Assert.Equal(1_500_000_000, _tree.StatusOf("f").ModifiedSeconds);
    }

    [Fact]
    public async Task UnpackAsync_RefusesLinkTargetsThatTheSystemCannotHave() // L15
    {
        await _tree.RefuseAsync([Symlink("l", new string('t', 4096))]);
        byte[] archive = await TestLayer.ArchiveAsync(Symlink("l", "t"));
        RawHeader.Patch(archive.AsSpan(0, 512), header => header[157] = 0);
        await RefuseAsync(await TestLayer.AddArchiveAsync(_tree.Store, archive));

        await _tree.UnpackAsync([Symlink("l", new string('t', 4095))]);
    }

    [Fact]
    public async Task UnpackAsync_NeverWritesIntoWhatIsThere() // X14
    {
        await _tree.UnpackAsync([Fifo("p"), File("p", "1"), Symlink("q", "p"), File("q", "2"), HardLink("r", "p"), File("r", "3")]);

        Assert.Equal(("1", "2", "3"), (_tree.Read("p"), _tree.Read("q"), _tree.Read("r")));
    }

    [Fact]
    public async Task UnpackAsync_RefusesMoreThanItsLimits()
    {
        _tree.Options.MaxEntries = 3;
        Assert.Equal(LayerErrorKind.LimitExceeded, (await _tree.RefuseAsync([File("a"), File("b")], [File("c"), File("d")])).Kind); // T27

        string half = new('x', 40_000);
        _tree.Options.MaxBytes = 100_000;
        Assert.Equal(LayerErrorKind.LimitExceeded, (await _tree.RefuseAsync([File("a", half), File("b", half)], [File("c", half)])).Kind); // T28
        await _tree.UnpackAsync([File("a", half), File("b", half)]);
    }

    [Fact]
    public async Task UnpackAsync_RefusesABomb() // D01
    {
        _tree.Options.MaxBytes = 1024 * 1024;
        byte[] archive = await TestLayer.ArchiveAsync(new TestEntry(TarEntryType.RegularFile, "zeros") { Content = new byte[64 * 1024 * 1024] });

        LayerException refusal = await RefuseAsync(
            await TestLayer.AddArchiveAsync(_tree.Store, archive, CompressionFormat.Gzip, MediaTypes.LayerGzip));

        Assert.Equal(LayerErrorKind.LimitExceeded, refusal.Kind);
    }

    [Fact]
    public async Task UnpackAsync_RefusesALayerWithAnotherDiffId() // D11, D12
    {
        LayerToApply first = await TestLayer.AddAsync(_tree.Store, File("a"));
        LayerToApply second = await TestLayer.AddAsync(_tree.Store, File("b"));

        LayerException refusal = await RefuseAsync(first with { DiffId = second.DiffId }, second with { DiffId = first.DiffId });

        Assert.Equal(LayerErrorKind.DiffIdMismatch, refusal.Kind);
    }

    [Fact]
    public async Task UnpackAsync_ReportsWhatFollowsTheArchiveAndItsCompression() // D06, T13
    {
        byte[] archive = await TestLayer.ArchiveAsync(File("a"));
        byte[] second = [.. archive, .. await TestLayer.ArchiveAsync(File("b"))];
        using var blob = new MemoryStream();
        await using (Stream gzip = LayerCompression.OpenCompressor(blob, CompressionFormat.Gzip, leaveOpen: true))
        {
            await gzip.WriteAsync(second, TestContext.Current.CancellationToken);
        }

        blob.Write("garbage"u8);
        Descriptor descriptor = await TestLayer.AddBlobAsync(_tree.Store, blob.ToArray(), MediaTypes.LayerGzip);

        UnpackReport report = await _tree.UnpackAsync([new LayerToApply(descriptor, Digest.Compute(second))]);

        Assert.Equal(["a"], _tree.Paths());
        Assert.Equal(2, report.Remarks.Count);
    }

    [Fact]
    public async Task UnpackAsync_RefusesAMediaTypeThatIsNoLayer()
    {
        LayerToApply layer = await TestLayer.AddArchiveAsync(_tree.Store, await TestLayer.ArchiveAsync(File("a")), mediaType: MediaTypes.ImageConfig);

        Assert.Equal(LayerErrorKind.Unsupported, (await RefuseAsync(layer)).Kind);
    }

    [Fact]
    public async Task UnpackAsync_LeavesNothingWhenTheContentIsAnother()
    {
        LayerToApply layer = await TestLayer.AddAsync(_tree.Store, File("a"), File("b", new string('x', 1_000_000)));
        var source = new LyingFetcher(_tree.Store);

        await Assert.ThrowsAsync<ContentVerificationException>(() => LayerUnpacker.UnpackAsync(
            source, [layer], _tree.Target, _tree.Options, TestContext.Current.CancellationToken).AsTask());

        _tree.AssertNothingLeft();
    }

    [Fact]
    public async Task UnpackAsync_LeavesNothingWhenItIsCancelled()
    {
        using var cancellation = new CancellationTokenSource();
        LayerToApply layer = await TestLayer.AddAsync(_tree.Store, File("a"));
        var source = new CancellingFetcher(_tree.Store, cancellation, after: 2);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => LayerUnpacker.UnpackAsync(
            source, [layer, layer], _tree.Target, _tree.Options, cancellation.Token).AsTask());

        _tree.AssertNothingLeft();
    }

    private async Task<LayerException> RefuseAsync(params LayerToApply[] layers)
    {
        LayerException refusal = await Assert.ThrowsAsync<LayerException>(() => _tree.UnpackAsync(layers));

        _tree.AssertNothingLeft();
        return refusal;
    }

    private sealed class LyingFetcher(MemoryStore store) : IContentFetcher
    {
        public async ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
        {
            ContentStream content = await store.OpenReadAsync(descriptor, cancellationToken);
            byte[] bytes = await content.ReadToEndAsync(int.MaxValue, cancellationToken);
            bytes[^2000] ^= 1;

            return new ContentStream(new MemoryStream(bytes), descriptor);
        }
    }

    private sealed class CancellingFetcher(MemoryStore store, CancellationTokenSource cancellation, int after) : IContentFetcher
    {
        private int _opened;

        public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
        {
            if (++_opened == after)
            {
                cancellation.Cancel();
            }

            return store.OpenReadAsync(descriptor, CancellationToken.None);
        }
    }
}

/// <summary>… with the kernel's openat2.</summary>
public sealed class LayerUnpackerOpenAt2AttackTests() : LayerUnpackerAttackTests(avoidOpenAt2: false);

/// <summary>… with our own walk.</summary>
public sealed class LayerUnpackerWalkAttackTests() : LayerUnpackerAttackTests(avoidOpenAt2: true);
