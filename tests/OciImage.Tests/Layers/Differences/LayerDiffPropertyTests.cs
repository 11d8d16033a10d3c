using CsCheck;
using OciImage.Layers;
using OciImage.Tar;
using static OciImage.Tests.Layers.TestEntry;

namespace OciImage.Tests.Layers;

/// <summary>Applied to the lower tree, a difference gives the upper one, whatever the trees are.</summary>
public sealed class LayerDiffPropertyTests
{
    private static readonly long Iterations = Environment.GetEnvironmentVariable("OCIIMAGE_SOAK") == "1" ? 10_000 : 200;

    private static readonly string[] Names =
    [
        "a", "a-b", "a.b", "a/b", "a/b/c", "a/b-c", "a/c", "b", "b/a", "b/a/b", "-", "d\u00ff", "d\u00ff/\u00fe", "d\u00ff/x", "A",
    ];

    private static readonly Gen<string> GenName = Gen.Int[0, Names.Length - 1].Select(i => Names[i]);

    private static readonly Gen<TestEntry> GenEntry = Gen.Select(
        Gen.Int[0, 9], GenName, GenName, Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 2], Gen.Int[0, 3], Gen.Int[0, 1],
        (kind, name, other, mode, time, content, xattr, owner) => Make(kind, name, other) with
        {
            Mode = Octal(((string[])["755", "700", "1777", "4711"])[mode]),
            Time = ((TarTimestamp[])[new(1_400_000_000, 0), new(1_400_000_000, 7), new(-3, 999_999_999), new(4_000_000_000, 0)])[time],
            Content = kind <= 3 ? ((byte[][])[[], [1, 2, 3], [3, 2, 1]])[content] : [],
            Xattrs = kind is 0 or 4 ? ((( string, byte[])[][])[[], [], [("user.a", [0, 10, 61])], [("user.a", [1]), ("user.b", [255])]])[xattr] : [],
            Uid = Environment.IsPrivilegedProcess ? owner : 0,
        });

    // What happens to an entry between the two trees: nothing most of the time.
    private static readonly Gen<(TestEntry? Lower, TestEntry? Upper)> GenPair = Gen.Select(
        Gen.Int[0, 9], GenEntry, GenEntry, Gen.Int[0, 3], (fate, one, two, part) => fate switch
        {
            < 5 => ((TestEntry?)one, (TestEntry?)one),
            5 => (one, null),
            6 => (null, one),
            7 => (one, two with { Name = one.Name }),
            8 => (one, two),
            _ => (one, part switch
            {
                0 => one with { Time = two.Time },
                1 => one with { Mode = two.Mode },
                2 => one with { Xattrs = one.Type is TarEntryType.RegularFile or TarEntryType.Directory ? two.Xattrs : [] },
                _ => one with { Content = one.Type == TarEntryType.RegularFile ? two.Content : [] },
            }),
        });

    [Fact]
    public void WriteAsync_GivesTheUpperTreeWhenItIsAppliedToTheLower()
    {
        Assert.SkipUnless(LayerDiff.IsSupported, "Trees are compared on Linux only.");

        GenPair.Array[0, 14].Sample(pairs => CheckAsync(pairs).GetAwaiter().GetResult(), iter: Iterations, threads: 1);
    }

    private static async Task CheckAsync((TestEntry? Lower, TestEntry? Upper)[] pairs)
    {
        using var fixture = new DiffFixture();
        await fixture.MakeAsync(fixture.Lower, Settle(pairs.Select(pair => pair.Lower)));
        await fixture.MakeAsync(fixture.Upper, Settle(pairs.Select(pair => pair.Upper)));

        await fixture.AssertAppliesAsync();
        Assert.Equal(await fixture.DiffAsync(), await fixture.DiffFromManifestAsync());
        var always = new LayerDiffOptions { CompareContent = ContentComparison.Always };
        Assert.Equal(await fixture.DiffAsync(always), await fixture.DiffFromManifestAsync(always));
    }

    private static TestEntry Make(int kind, string name, string other) => kind switch
    {
        0 or 1 or 2 or 3 => new TestEntry(TarEntryType.RegularFile, name),
        4 => Directory(name),
        5 => Symlink(name, other),
        6 => Fifo(name),
        _ => HardLink(name, other),
    };

    // Makes a possible tree of the entries: nothing stands below a file, and links name files.
    private static TestEntry[] Settle(IEnumerable<TestEntry?> entries)
    {
        var tree = new Dictionary<string, TestEntry>();
        foreach (TestEntry entry in entries.OfType<TestEntry>())
        {
            for (string? above = Path.GetDirectoryName(entry.Name); above is { Length: > 0 }; above = Path.GetDirectoryName(above))
            {
                if (tree.TryGetValue(above, out TestEntry? parent) && parent.Type != TarEntryType.Directory)
                {
                    tree.Remove(above);
                }
            }

            if (entry.Type != TarEntryType.Directory)
            {
                foreach (string below in tree.Keys.Where(name => name.StartsWith(entry.Name + "/", StringComparison.Ordinal)).ToArray())
                {
                    tree.Remove(below);
                }
            }

            // Who changes content and sets the time back to the nanosecond is found by comparing all content only.
            bool isExact = entry.Content.Length > 0 && entry.Time.Nanoseconds > 0;
            tree[entry.Name] = isExact && entry.Type == TarEntryType.RegularFile
                ? entry with { Time = entry.Time with { Nanoseconds = entry.Time.Nanoseconds - entry.Content[0] } }
                : entry;
        }

        return
        [
            .. tree.Values.Where(entry => entry.Type != TarEntryType.HardLink),
            .. tree.Values.Where(entry => entry.Type == TarEntryType.HardLink && tree.TryGetValue(entry.Link, out TestEntry? target) &&
                target.Type is TarEntryType.RegularFile or TarEntryType.SymbolicLink or TarEntryType.Fifo),
        ];
    }
}
