using CsCheck;
using OciImage.Content;
using OciImage.Layers;
using OciImage.Tar;
using OciImage.TestKit;
using static OciImage.Tests.Layers.TestEntry;

namespace OciImage.Tests.Layers;

/// <summary>What was unpacked and written again unpacks to the same, whatever the layers were.</summary>
public sealed class LayerRoundTripTests
{
    private static readonly long Iterations = Environment.GetEnvironmentVariable("OCIIMAGE_SOAK") == "1" ? 2000 : 50;

    private static readonly string[] Names = ["a", "b", "c", "a/b", "a/c", "b/a", "a/b/c", "d\u00ff", "d\u00ff/\u00fe"];

    private static readonly Gen<string> GenName = Gen.Int[0, Names.Length - 1].Select(i => Names[i]);

    private static readonly Gen<TestEntry> GenEntry = Gen.Select(
        Gen.Int[0, 7],
        GenName,
        GenName,
        Gen.Int[0, 0xFFF],
        Gen.Select(Gen.Long[-1000, 4_000_000_000], Gen.Int[0, 999_999_999], (seconds, nanoseconds) => new TarTimestamp(seconds, nanoseconds)),
        Gen.Byte.Array[0, 1000],
        (kind, name, other, mode, time, content) => (kind switch
        {
            0 or 1 => new TestEntry(TarEntryType.RegularFile, name) { Content = content },
            2 => Directory(name),
            3 => Symlink(name, other),
            4 => Symlink(name, "/" + other),
            5 => File(Path.Combine(Path.GetDirectoryName(name) ?? "", ".wh." + Path.GetFileName(name)), ""),
            6 => File(Path.Combine(Path.GetDirectoryName(name) ?? "", ".wh..wh..opq"), ""),
            _ => Fifo(name),
        }) with
        {
            // Owners may always look into their own: the writer must be able to read what was unpacked.
            Mode = mode | Octal("700"), Time = time,
        });

    [Fact]
    public void UnpackAsync_GivesTheSameTreeFromWhatWriteAsyncMadeOfIt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Trees are unpacked on Linux only.");

        GenEntry.Array[0, 12].Array[1, 3].Sample(
            layers => CheckAsync(layers).GetAwaiter().GetResult(), iter: Iterations, threads: 1);
    }

    [Fact]
    public void UnpackAsync_GivesTheSameTreeByBothResolvers()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Trees are unpacked on Linux only.");

        GenEntry.Array[0, 12].Array[1, 3].Sample(
            layers => CompareResolversAsync(layers).GetAwaiter().GetResult(), iter: Iterations, threads: 1);
    }

    private static async Task CheckAsync(TestEntry[][] layers)
    {
        using var directory = new TemporaryDirectory();
        var store = new MemoryStore();
        if (await TryUnpackAsync(store, layers, directory.Combine("one"), avoidOpenAt2: false) is null)
        {
            return;
        }

        WrittenLayer one = await WriteAsync(store, directory.Combine("one"));
        await LayerUnpacker.UnpackAsync(store, [new LayerToApply(one.Descriptor, one.DiffId)], directory.Combine("two"));
        WrittenLayer two = await WriteAsync(store, directory.Combine("two"));

        Assert.Equal(one, two);
    }

    private static async Task CompareResolversAsync(TestEntry[][] layers)
    {
        using var directory = new TemporaryDirectory();
        var store = new MemoryStore();
        UnpackReport? kernel = await TryUnpackAsync(store, layers, directory.Combine("one"), avoidOpenAt2: false);
        UnpackReport? walk = await TryUnpackAsync(store, layers, directory.Combine("two"), avoidOpenAt2: true);

        Assert.Equal(kernel?.Remarks, walk?.Remarks);
        if (kernel is not null)
        {
            Assert.Equal(await WriteAsync(store, directory.Combine("one")), await WriteAsync(store, directory.Combine("two")));
        }
    }

    // A circle of links is the one thing that these layers can be refused for.
    private static async Task<UnpackReport?> TryUnpackAsync(
        MemoryStore store, TestEntry[][] layers, string target, bool avoidOpenAt2)
    {
        try
        {
            var added = new List<LayerToApply>();
            foreach (TestEntry[] layer in layers)
            {
                added.Add(await TestLayer.AddAsync(store, layer));
            }

            return await LayerUnpacker.UnpackAsync(store, added, target, new UnpackOptions { AvoidOpenAt2 = avoidOpenAt2 });
        }
        catch (LayerException exception) when (exception.Message.Contains("symbolic links", StringComparison.Ordinal))
        {
            return null;
        }
    }

    private static async Task<WrittenLayer> WriteAsync(MemoryStore store, string directory) =>
        await LayerWriter.WriteAsync(store, [new LayerInput(directory, "/")], new LayerWriterOptions { Owner = null });
}
