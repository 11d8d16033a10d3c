using System.Net.Sockets;
using System.Text;
using OciImage.Compression;
using OciImage.Content;
using OciImage.Layers;
using OciImage.Linux;
using OciImage.Tar;
using OciImage.TestKit;
using static OciImage.Tests.Layers.TestEntry;

namespace OciImage.Tests.Layers;

public sealed class LayerWriterTests : IDisposable
{
    private static readonly DateTime Time = new(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    private readonly TemporaryDirectory _directory = new();
    private readonly MemoryStore _store = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task WriteAsync_OrdersByBytesWithTheSlashFirst()
    {
        foreach (string name in new[] { "a-b", "a/z", "a/b/c", "B", "a.b", "é" })
        {
            _directory.WriteFile($"source/{name}", name);
        }

        IReadOnlyList<TarEntry> entries = await WriteAndReadAsync(new LayerInput(_directory.Combine("source"), "/"));

        Assert.Equal(["B", "a/", "a/b/", "a/b/c", "a/z", "a-b", "a.b", "é"], entries.Select(entry => entry.DisplayName));
    }

    [Fact]
    public async Task WriteAsync_AddsTheDirectoriesAboveOnce()
    {
        string file = _directory.WriteFile("file", "x");
        var options = new LayerWriterOptions { Owner = (7, 8), ClampTimesTo = new DateTimeOffset(Time) };

        IReadOnlyList<TarEntry> entries = await WriteAndReadAsync(
            options, new LayerInput(file, "/usr/local/bin/tool"), new LayerInput(file, "usr/local/other"), new LayerInput(file, "./usr/./x"));

        Assert.Equal(
            ["usr/", "usr/local/", "usr/local/bin/", "usr/local/bin/tool", "usr/local/other", "usr/x"],
            entries.Select(entry => entry.DisplayName));
        Assert.All(entries.Take(3), entry => Assert.Equal(
            (Octal("755"), 7, 8, TarTimestamp.FromDateTimeOffset(Time)), (entry.Mode, entry.Uid, entry.Gid, entry.ModifiedTime)));
    }

    [Fact]
    public async Task WriteAsync_GivesTheSameLayerForTheSameFiles()
    {
        string[] names = ["a", "b/c", "b/d", "e"];
        foreach ((string tree, IEnumerable<string> order) in new[] { ("one", names), ("two", names.Reverse()) })
        {
            foreach (string name in order)
            {
                System.IO.File.SetLastWriteTimeUtc(_directory.WriteFile($"{tree}/{name}", name), Time);
                UnpackFixture.SetMode(_directory.Combine(tree, name), UnixFileMode.UserRead | UnixFileMode.GroupRead);
            }

            System.IO.Directory.SetLastWriteTimeUtc(_directory.Combine(tree, "b"), Time);
        }

        foreach (CompressionFormat format in new[] { CompressionFormat.None, CompressionFormat.Gzip, CompressionFormat.Zstd })
        {
            var options = new LayerWriterOptions { Compression = format, Owner = (0, 0) };
            WrittenLayer one = await WriteAsync(options, new LayerInput(_directory.Combine("one"), "/app"));
            WrittenLayer two = await WriteAsync(options, new LayerInput(_directory.Combine("two"), "/app"));

            // The directory that is the input has a time of its own; what is in it does not.
            Assert.Equal(one.UncompressedSize, two.UncompressedSize);
            Assert.Equal(
                await WriteAsync(options, new LayerInput(_directory.Combine("one"), "/")),
                await WriteAsync(options, new LayerInput(_directory.Combine("two"), "/")));
        }
    }

    [Fact]
    public async Task WriteAsync_SetsLaterTimesToTheClamp()
    {
        string early = _directory.WriteFile("source/early", "");
        string late = _directory.WriteFile("source/late", "");
        System.IO.File.SetLastWriteTimeUtc(early, Time.AddDays(-1));
        System.IO.File.SetLastWriteTimeUtc(late, Time.AddTicks(1));

        IReadOnlyList<TarEntry> entries = await WriteAndReadAsync(
            new LayerWriterOptions { ClampTimesTo = new DateTimeOffset(Time) }, new LayerInput(_directory.Combine("source"), "/"));

        Assert.Equal(
            [TarTimestamp.FromDateTimeOffset(Time.AddDays(-1)), TarTimestamp.FromDateTimeOffset(Time)],
            entries.Select(entry => entry.ModifiedTime));
    }

    [Theory]
    [InlineData(CompressionFormat.None, false, MediaTypes.Layer)]
    [InlineData(CompressionFormat.None, true, MediaTypes.DockerLayer)]
    [InlineData(CompressionFormat.Gzip, false, MediaTypes.LayerGzip)]
    [InlineData(CompressionFormat.Gzip, true, MediaTypes.DockerLayerGzip)]
    [InlineData(CompressionFormat.Zstd, false, MediaTypes.LayerZstd)]
    [InlineData(CompressionFormat.Zstd, true, MediaTypes.DockerLayerZstd)]
    public async Task WriteAsync_DescribesWhatItWrote(CompressionFormat format, bool docker, string mediaType)
    {
        byte[] content = new byte[3_000_000];
        new Random(1).NextBytes(content);
        System.IO.File.WriteAllBytes(_directory.Combine("file"), content);
        var options = new LayerWriterOptions { Compression = format, DockerMediaTypes = docker };

        WrittenLayer layer = await WriteAsync(options, new LayerInput(_directory.Combine("file"), "file"));

        Assert.Equal(mediaType, layer.Descriptor.MediaType);
        byte[] archive = await ReadArchiveAsync(layer, format);
        Assert.Equal(layer.DiffId, Digest.Compute(archive));
        Assert.Equal(layer.UncompressedSize, archive.Length);
        Assert.True(archive.AsSpan().IndexOf(content) > 0);
    }

    [Fact]
    public async Task WriteAsync_StoresLinksFifosAndNamesAsTheyAre()
    {
        SkipUnlessLinux();
        string source = _directory.CreateDirectory("source");
        await UnpackIntoAsync(source,
            [
                File("b/file", "x"), HardLink("a-link", "b/file"), Symlink("dangling", "/no/where"), Symlink("directory", "b"),
                Fifo("pipe"), File("n\u00ff"), File("d\u00fe/n\u00ff", "deep"),
            ]);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(source, "socket")));

        IReadOnlyList<TarEntry> entries = await WriteAndReadAsync(new LayerInput(source, "/"));

        Assert.Equal(
            ["a-link:RegularFile", "b/:Directory", "b/file:HardLink:a-link", "dangling:SymbolicLink:/no/where", "directory:SymbolicLink:b",
             "d\u00fe/:Directory", "d\u00fe/n\u00ff:RegularFile", "n\u00ff:RegularFile", "pipe:Fifo"],
            entries.Select(entry => $"{Encoding.Latin1.GetString(entry.Name.Span)}:{entry.Type}" +
                (entry.LinkName.IsEmpty ? "" : $":{Encoding.Latin1.GetString(entry.LinkName.Span)}")));
    }

    [Fact]
    public async Task WriteAsync_FollowsALinkOnlyWhereItIsTheInput()
    {
        SkipUnlessLinux();
        string outside = _directory.WriteFile("outside/secret", "secret");
        string source = _directory.CreateDirectory("source");
        System.IO.Directory.CreateSymbolicLink(Path.Combine(source, "link"), _directory.Combine("outside"));
        System.IO.File.CreateSymbolicLink(_directory.Combine("alias"), outside);

        IReadOnlyList<TarEntry> entries = await WriteAndReadAsync(
            new LayerInput(source, "/"), new LayerInput(_directory.Combine("alias"), "alias"));

        Assert.Equal([("alias", TarEntryType.RegularFile), ("link", TarEntryType.SymbolicLink)], entries.Select(entry => (entry.DisplayName, entry.Type)));
    }

    [Fact]
    public async Task WriteAsync_MergesDirectoriesAndLetsTheLaterInputWin()
    {
        _directory.WriteFile("one/d/a", "1");
        _directory.WriteFile("one/d/b", "1");
        _directory.WriteFile("one/was/dir", "1");
        _directory.WriteFile("two/d/b", "22");
        _directory.WriteFile("two/was", "22");

        IReadOnlyList<TarEntry> entries = await WriteAndReadAsync(
            new LayerInput(_directory.Combine("one"), "/"), new LayerInput(_directory.Combine("two"), "/"));

        Assert.Equal([("d/", 0), ("d/a", 1), ("d/b", 2), ("was", 2)], entries.Select(entry => (entry.DisplayName, (int)entry.Size)));
    }

    [Theory]
    [InlineData("source/.wh.file")] // W24
    [InlineData("source/.wh..wh..opq")]
    [InlineData("source/dir/.wh.dir/file")]
    public async Task WriteAsync_RefusesNamesOfWhiteouts(string name)
    {
        _directory.WriteFile(name, "");

        await Assert.ThrowsAsync<LayerException>(() => WriteAsync(null, new LayerInput(_directory.Combine("source"), "/")));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData(".wh.x")]
    [InlineData(".wh.x/y")]
    [InlineData("a\0b")]
    public async Task WriteAsync_RefusesDestinationsThatNoLayerCanHave(string destination)
    {
        string file = _directory.WriteFile("file", "");

        await Assert.ThrowsAsync<LayerException>(() => WriteAsync(null, new LayerInput(file, destination)));
    }

    [Fact]
    public async Task WriteAsync_RefusesWhatCannotBeUsed()
    {
        string file = _directory.WriteFile("file", "");

        await Assert.ThrowsAsync<FileNotFoundException>(() => WriteAsync(null, new LayerInput(_directory.Combine("missing"), "/x")));
        await Assert.ThrowsAsync<FileNotFoundException>(() => WriteAsync(null, new LayerInput(_directory.Combine("no/such"), "/x")));
        await Assert.ThrowsAnyAsync<IOException>(() => WriteAsync(null, new LayerInput(file, "/")));
        await Assert.ThrowsAsync<ArgumentNullException>(() => LayerWriter.WriteAsync(null!, [], null, Token).AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>(() => LayerWriter.WriteAsync(_store, null!, null, Token).AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>(() => LayerWriter.WriteAsync(_store, [null!], null, Token).AsTask());
    }

    [Theory]
    [InlineData(-1)] // shrunk
    [InlineData(+1)] // grown
    [InlineData(0)] // replaced by another file of the same size
    public async Task WriteAsync_LeavesNoLayerWhenAFileChangesMeanwhile(int difference)
    {
        SkipUnlessLinux();
        byte[] first = new byte[1_000_000];
        new Random(1).NextBytes(first);
        System.IO.File.WriteAllBytes(_directory.CreateDirectory("source") + "/1", first);
        string second = _directory.WriteFile("source/2", "0123456789");
        var target = new MeddlingIngester(_store, () =>
        {
            if (difference == 0)
            {
                System.IO.File.WriteAllText(second + "-new", "0123456789");
                System.IO.File.Move(second + "-new", second, overwrite: true);
            }
            else
            {
                using FileStream file = System.IO.File.OpenWrite(second);
                file.SetLength(10 + difference);
            }
        });

        await Assert.ThrowsAnyAsync<IOException>(() => LayerWriter.WriteAsync(
            target, [new LayerInput(_directory.Combine("source"), "/")], new LayerWriterOptions { Compression = CompressionFormat.None }, Token).AsTask());

        Assert.NotNull(target.Key);
        Assert.Null(await _store.GetIngestStatusAsync(target.Key, Token));
    }

    [Fact]
    public async Task WriteAsync_KeepsXattrsAndOwnersOfTheFileSystemOnRequest()
    {
        SkipUnlessLinux();
        string source = _directory.CreateDirectory("source");
        await UnpackIntoAsync(source, [File("f") with { Xattrs = [("user.b", [0, 255]), ("user.a", [10])] }, Directory("d") with { Xattrs = [("user.c", [1])] }]);
        Assert.SkipUnless(TestXattrs.IsSupported(_directory.Path), "The file system has no user attributes.");

        IReadOnlyList<TarEntry> entries = await WriteAndReadAsync(new LayerWriterOptions { Owner = null }, new LayerInput(source, "/"));

        Assert.Equal(["user.a", "user.b"], entries[1].Xattrs.Select(xattr => Encoding.UTF8.GetString(xattr.Name.Span)));
        Assert.Equal([0, 255], entries[1].Xattrs[1].Value.ToArray());
        Assert.Equal("user.c"u8.ToArray(), Assert.Single(entries[0].Xattrs).Name.ToArray());
        if (Environment.IsPrivilegedProcess)
        {
            Assert.All(entries, entry => Assert.Equal((FixtureOwner.Uid, FixtureOwner.Gid), ((uint)entry.Uid, (uint)entry.Gid)));
        }
    }

    [Fact]
    public async Task WriteAsync_ReadsTreesOfAnyDepth()
    {
        SkipUnlessLinux();
        string source = _directory.CreateDirectory("source");
        await UnpackIntoAsync(source, [Directory(string.Join('/', Enumerable.Repeat("d", 1000)))]);

        IReadOnlyList<TarEntry> entries = await WriteAndReadAsync(new LayerInput(source, "/"));

        Assert.Equal(1000, entries.Count);
        using DirectoryHandle place = DirectoryHandle.OpenPath(_directory.Path);
        TreeRemover.Remove(place, "source"u8);
    }

    [Fact]
    public async Task WriteAsync_TellsWhatItLeavesOut()
    {
        SkipUnlessLinux();
        string source = _directory.CreateDirectory("source");
        string file = _directory.WriteFile("source/d/f", "x");
        Assert.SkipUnless(TestXattrs.IsSupported(_directory.Path), "The file system has no user attributes.");
        TestXattrs.Set(file, "user.empty", []);
        TestXattrs.Set(file, "user.kept", [1]);
        TestXattrs.Set(file, "user.a=b", [2]);
        TestXattrs.Set(file, "user.overlay.x", [3]);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(source, "s")));

        WrittenLayer layer = await WriteAsync(null, new LayerInput(source, "/"));

        Assert.Equal(
            [(LayerRemarkKind.FileType, "s"), (LayerRemarkKind.Xattr, "d/f"), (LayerRemarkKind.Xattr, "d/f")],
            layer.Remarks.OrderBy(remark => remark.Kind != LayerRemarkKind.FileType).Select(remark => (remark.Kind, remark.Path!)));
        Assert.Contains(layer.Remarks, remark => remark.Message.Contains("'user.empty'", StringComparison.Ordinal));
        Assert.Contains(layer.Remarks, remark => remark.Message.Contains("'user.overlay.x'", StringComparison.Ordinal));
        Assert.Equal(2, layer.Entries);
        string target = _directory.Combine("again");
        await LayerUnpacker.UnpackAsync(_store, [new LayerToApply(layer.Descriptor, layer.DiffId)], target, null, Token);
        Assert.Equal(["user.a=b", "user.kept"], TestXattrs.List(Path.Combine(target, "d/f")).Order(StringComparer.Ordinal));
        Assert.Equal([2], TestXattrs.Read(Path.Combine(target, "d/f"), "user.a=b"));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static void SkipUnlessLinux() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Trees are unpacked on Linux only.");

    private async Task<WrittenLayer> WriteAsync(LayerWriterOptions? options, params LayerInput[] inputs) =>
        await LayerWriter.WriteAsync(_store, inputs, options, Token);

    private Task<IReadOnlyList<TarEntry>> WriteAndReadAsync(params LayerInput[] inputs) => WriteAndReadAsync(new LayerWriterOptions(), inputs);

    private async Task<IReadOnlyList<TarEntry>> WriteAndReadAsync(LayerWriterOptions options, params LayerInput[] inputs)
    {
        byte[] archive = await ReadArchiveAsync(await WriteAsync(options, inputs), options.Compression);
        var entries = new List<TarEntry>();
        using var reader = new TarReader(new MemoryStream(archive));
        while (await reader.ReadNextAsync(Token) is { } entry)
        {
            entries.Add(entry);
        }

        Assert.Empty(reader.Oddities);
        return entries;
    }

    private async Task<byte[]> ReadArchiveAsync(WrittenLayer layer, CompressionFormat format)
    {
        await using ContentStream content = await _store.OpenReadAsync(layer.Descriptor, Token);
        await using Stream decompressor = LayerCompression.OpenDecompressor(content, format);
        using var archive = new MemoryStream();
        await decompressor.CopyToAsync(archive, Token);

        return archive.ToArray();
    }

    private async Task UnpackIntoAsync(string target, TestEntry[] entries) =>
        await LayerUnpacker.UnpackAsync(_store, [await TestLayer.AddAsync(_store, entries)], target, null, Token);
}
