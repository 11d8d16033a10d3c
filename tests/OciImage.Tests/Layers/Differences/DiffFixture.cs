using System.Text;
using OciImage.Compression;
using OciImage.Content;
using OciImage.Layers;
using OciImage.Linux;
using OciImage.Tar;
using OciImage.TestKit;

namespace OciImage.Tests.Layers;

/// <summary>Two trees, made of entries, whose difference is looked at and applied.</summary>
internal sealed class DiffFixture : IDisposable
{
    // The content of both trees stands in the same second unless a test says otherwise.
    public static readonly TarTimestamp Time = new(1_500_000_000, 123_456_789);

    private readonly TemporaryDirectory _directory = new();
    private readonly MemoryStore _store = new();

    public DiffFixture()
    {
        Assert.SkipUnless(LayerDiff.IsSupported, "Trees are compared on Linux only.");
        Lower = _directory.Combine("lower");
        Upper = _directory.Combine("upper");
    }

    public string Lower { get; }

    public string Upper { get; }

    public string Applied => _directory.Combine("applied");

    public MemoryStore Store => _store;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Makes both trees, with a root that is the same in both.</summary>
    public static async Task<DiffFixture> CreateAsync(TestEntry[] lower, TestEntry[] upper)
    {
        var fixture = new DiffFixture();
        await fixture.MakeAsync(fixture.Lower, lower);
        await fixture.MakeAsync(fixture.Upper, upper);

        return fixture;
    }

    public string Combine(string name) => _directory.Combine(name);

    /// <summary>Makes a tree of entries, which have a time with nanoseconds unless they were given one.</summary>
    public async Task MakeAsync(string target, params TestEntry[] entries)
    {
        TestEntry[] all =
        [
            TestEntry.Directory(".") with { Time = Time, Uid = 0, Gid = 0 },
            .. entries.Select(entry => entry.Time == new TarTimestamp(1_500_000_000, 0) ? entry with { Time = Time } : entry),
        ];
        await LayerUnpacker.UnpackAsync(_store, [await TestLayer.AddAsync(_store, all)], target, null, Token);
    }

    public async Task<WrittenLayer?> DiffAsync(LayerDiffOptions? options = null) =>
        await LayerDiff.WriteAsync(_store, Lower, Upper, options, Token);

    /// <summary>Compares with what was recorded of the lower tree, through its text.</summary>
    public async Task<WrittenLayer?> DiffFromManifestAsync(LayerDiffOptions? options = null) => await LayerDiff.WriteAsync(
        _store, await TreeManifest.ParseAsync(new MemoryStream(await RecordAsync(Lower)), cancellationToken: Token), Upper, options, Token);

    public static async Task<byte[]> RecordAsync(string directory)
    {
        using var text = new MemoryStream();
        await (await TreeManifest.ReadAsync(directory, Token)).WriteAsync(text, Token);

        return text.ToArray();
    }

    public static async Task<string> DescribeAsync(string directory) => Encoding.ASCII.GetString(await RecordAsync(directory));

    /// <summary>Lists the entries of the difference, by both ways of finding it: name, type, link target.</summary>
    public async Task<string[]> ListAsync(LayerDiffOptions? options = null)
    {
        options ??= new LayerDiffOptions();
        WrittenLayer? layer = await DiffAsync(options);
        Assert.Equal(layer?.Descriptor, (await DiffFromManifestAsync(options))?.Descriptor);
        if (layer is null)
        {
            return [];
        }

        IReadOnlyList<TarEntry> entries = await ReadAsync(layer, options.Compression);
        Assert.Equal(layer.Entries, entries.Count);
        return [.. entries.Select(entry => Encoding.Latin1.GetString(entry.Name.Span) +
            (entry.Type == TarEntryType.HardLink ? " = " + Encoding.Latin1.GetString(entry.LinkName.Span) : ""))];
    }

    public async Task<IReadOnlyList<TarEntry>> ReadAsync(WrittenLayer layer, CompressionFormat format = CompressionFormat.Gzip)
    {
        await using ContentStream content = await _store.OpenReadAsync(layer.Descriptor, Token);
        await using Stream decompressor = LayerCompression.OpenDecompressor(content, format);
        var entries = new List<TarEntry>();
        using var reader = new TarReader(decompressor);
        while (await reader.ReadNextAsync(Token) is { } entry)
        {
            entries.Add(entry);
        }

        Assert.Empty(reader.Oddities);
        return entries;
    }

    /// <summary>Applies the difference to a layer of the lower tree, and expects the upper tree.</summary>
    public async Task AssertAppliesAsync(LayerDiffOptions? options = null)
    {
        WrittenLayer? whole = await LayerDiff.WriteAsync(_store, TreeManifest.Empty, Lower, null, Token);
        WrittenLayer? difference = await DiffAsync(options);
        Assert.NotNull(whole);
        LayerToApply[] layers =
        [
            new(whole.Descriptor, whole.DiffId),
            .. difference is null ? Array.Empty<LayerToApply>() : [new(difference.Descriptor, difference.DiffId)],
        ];

        await LayerUnpacker.UnpackAsync(_store, layers, Applied, new UnpackOptions { Force = true }, Token);

        Assert.Equal(await DescribeAsync(Upper), await DescribeAsync(Applied));
    }

    public void Dispose()
    {
        using (DirectoryHandle place = DirectoryHandle.OpenPath(_directory.Path))
        {
            // Other means take no path of more than 4096 bytes.
            TreeRemover.Remove(place, "upper"u8);
        }

        _directory.Dispose();
    }
}
