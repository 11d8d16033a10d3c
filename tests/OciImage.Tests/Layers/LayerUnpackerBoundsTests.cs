using System.Text;
using OciImage.Compression;
using OciImage.Content;
using OciImage.Layers;
using OciImage.Tar;
using static OciImage.Tests.Layers.TestEntry;

namespace OciImage.Tests.Layers;

/// <summary>What hostile layers may cost: memory for each entry, no open files, and nothing that stays.</summary>
public sealed class LayerUnpackerBoundsTests : IDisposable
{
    // Names, paths and the state of a directory; what of it stays for the tree is a part of that.
    private const long MaxAllocatedPerEntry = 6 * 1024;
    private const long MaxKeptPerEntry = 1024;
    private const long Buffers = 8 * 1024 * 1024;

    private readonly UnpackFixture _tree = new();

    public void Dispose() => _tree.Dispose();

    [Theory]
    [InlineData("d/.wh.{0}")] // W23
    [InlineData("d/{0}/.wh.x")]
    [InlineData("d/.wh..wh..opq")]
    [InlineData("d/{0}/.wh..wh..opq")]
    [InlineData(".wh..wh.plnk/{0}")]
    [InlineData("d")] // T23: the same path again and again
    public async Task UnpackAsync_TakesLittleMemoryForEachOfManyEntries(string name)
    {
        const int Count = 100_000;
        LayerToApply lower = await TestLayer.AddAsync(_tree.Store, File("d/1"), File("d/2/x"));
        LayerToApply layer = await AddManyAsync(Count, i => File(string.Format(null, name, i), ""));

        long allocated = await MeasureAsync([lower, layer]);

        Assert.InRange(allocated, 0, (Count * MaxAllocatedPerEntry) + Buffers);
    }

    [Fact]
    public async Task UnpackAsync_TakesNoMoreMemoryForExtendedHeadersThanTheyHave()
    {
        // 64 MiB of records that mean nothing, a MiB each.
        var comment = new KeyValuePair<string, string>("comment", new string('x', 1_000_000));
        byte[] archive = await LargeHeadersAsync(64, comment);
        LayerToApply layer = await TestLayer.AddArchiveAsync(_tree.Store, archive);

        long allocated = await MeasureAsync([layer]);

        Assert.InRange(allocated, 0, (4 * archive.LongLength) + Buffers);
    }

    [Fact]
    public async Task UnpackAsync_LimitsTheAttributesThatWaitForTheEnd() // X06
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("OCIIMAGE_SOAK") == "1", "Runs with OCIIMAGE_SOAK=1.");
        byte[] value = new byte[60_000];
        LayerToApply layer = await AddManyAsync(
            600, i => Directory($"{i}") with { Xattrs = [.. Enumerable.Range(0, 16).Select(n => ($"user.{n}", value))] });

        LayerException refusal = await Assert.ThrowsAsync<LayerException>(() => _tree.UnpackAsync([layer]));

        Assert.Equal(LayerErrorKind.LimitExceeded, refusal.Kind);
        _tree.AssertNothingLeft();
    }

    [Fact]
    public async Task UnpackAsync_LeavesNoFileOpen()
    {
        string deep = string.Join('/', Enumerable.Repeat("d", 500));
        LayerToApply layer = await TestLayer.AddAsync(
            _tree.Store, File(deep + "/f"), Symlink("l", deep), File("l/g"), HardLink("l/h", "l/f"), File("d/.wh.x", ""));
        LayerToApply bad = await TestLayer.AddAsync(_tree.Store, File("l/../../x"));
        await _tree.UnpackAsync([layer]);
        _tree.Options.Force = true;
        string[] before = OpenBelow();

        await _tree.UnpackAsync([layer]);
        await Assert.ThrowsAsync<LayerException>(() => _tree.UnpackAsync([layer, bad]));

        Assert.Equal(before, OpenBelow());
    }

    [Fact]
    public async Task UnpackAsync_UnpacksAMillionEntries() // T27
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("OCIIMAGE_SOAK") == "1", "Runs with OCIIMAGE_SOAK=1.");
        const int Count = 1_000_000;
        LayerToApply layer = await AddManyAsync(Count, i => File($"d/{i % 1000}/{i}", ""));

        long allocated = await MeasureAsync([layer]);

        Assert.InRange(allocated, 0, (Count * MaxAllocatedPerEntry) + Buffers);
        Assert.True(Peak is null or < Count * MaxKeptPerEntry, $"{Peak} bytes at most.");
    }

    [Fact]
    public async Task UnpackAsync_ContainsWhatAnotherProcessDoesMeanwhile() // P34
    {
        LayerToApply first = await TestLayer.AddAsync(_tree.Store, Directory("d"), File("d/file", "1"), Directory("e"));
        LayerToApply second = await TestLayer.AddAsync(
            _tree.Store, File("d/file", "hostile"), File("d/.wh.deep", ""), Directory("d/deep", "777"), HardLink("h", "d/file"), File("e/file", "hostile"));
        var source = new MeddlingFetcher(_tree.Store, after: 2, () =>
        {
            string staged = Path.Combine(System.IO.Directory.GetDirectories(_tree.Place, ".root.*").Single(), "rootfs");
            System.IO.Directory.Delete(Path.Combine(staged, "d"), recursive: true);
            System.IO.File.CreateSymbolicLink(Path.Combine(staged, "d"), _tree.Outside);
            System.IO.Directory.Delete(Path.Combine(staged, "e"));
            System.IO.File.CreateSymbolicLink(Path.Combine(staged, "e"), "../../outside");
        });

        await Record.ExceptionAsync(() => LayerUnpacker.UnpackAsync(
            source, [first, second], _tree.Target, _tree.Options, TestContext.Current.CancellationToken).AsTask());

        _tree.AssertOutsideUntouched();
    }

    private static long? Peak
    {
        get
        {
            // The process's own highest mark, which other tests may have set.
            string? line = System.IO.File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? null : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], null) * 1024;
        }
    }

    private static async Task<byte[]> LargeHeadersAsync(int count, KeyValuePair<string, string> record)
    {
        string text = $"{record.Key}={record.Value}\n";
        int length = text.Length + 1;
        length += $"{length + 7}".Length;
        byte[] records = Encoding.ASCII.GetBytes($"{length} {text}");
        using var archive = new MemoryStream();
        for (int i = 0; i < count; i++)
        {
            byte[] header = (await TestLayer.ArchiveAsync(File("PaxHeaders/x") with { Content = records }))[..^1024];
            RawHeader.Patch(header.AsSpan(0, 512), each => each[156] = (byte)'x');
            archive.Write(header);
            archive.Write((await TestLayer.ArchiveAsync(File($"{i}"))).AsSpan()[..^1024]);
        }

        archive.Write(new byte[1024]);
        return archive.ToArray();
    }

    private async Task<LayerToApply> AddManyAsync(int count, Func<int, TestEntry> make)
    {
        using var archive = new MemoryStream();
        var writer = new TarWriter(archive);
        for (int i = 0; i < count; i++)
        {
            await writer.WriteEntryAsync(make(i).ToTarEntry());
        }

        await writer.CompleteAsync();
        return await TestLayer.AddArchiveAsync(_tree.Store, archive.ToArray(), CompressionFormat.Gzip, MediaTypes.LayerGzip);
    }

    private async Task<long> MeasureAsync(LayerToApply[] layers)
    {
        int thread = Environment.CurrentManagedThreadId;
        long before = GC.GetAllocatedBytesForCurrentThread();
        await _tree.UnpackAsync(layers);

        // The store completes at once, so that all of it happens on this thread.
        Assert.Equal(thread, Environment.CurrentManagedThreadId);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private string[] OpenBelow() =>
    [
        .. System.IO.Directory.GetFiles("/proc/self/fd").Select(path => new FileInfo(path).LinkTarget)
            .OfType<string>().Where(target => target.StartsWith(_tree.Place, StringComparison.Ordinal)),
    ];

    private sealed class MeddlingFetcher(MemoryStore store, int after, Action meddle) : IContentFetcher
    {
        private int _opened;

        public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
        {
            if (++_opened == after)
            {
                meddle();
            }

            return store.OpenReadAsync(descriptor, cancellationToken);
        }
    }
}
