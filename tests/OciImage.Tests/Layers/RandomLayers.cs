using CsCheck;
using OciImage.Tar;

namespace OciImage.Tests.Layers;

/// <summary>Makes layers that have much to do with each other: few names, all types, links everywhere.</summary>
internal static class RandomLayers
{
    private static readonly Gen<string> Name = Choose("a", "b", "c", "a-b");

    private static readonly Gen<string> Path = Gen.Select(Name.Array[1, 3], Gen.Int[0, 9], (names, odd) =>
        (odd == 0 ? "/" : odd == 1 ? "./" : "") + string.Join(odd == 2 ? "//" : "/", names));

    private static readonly Gen<string> Target = Gen.OneOf(
        Path, Path.Select(path => "/" + path), Path.Select(path => "../" + path),
        Choose("..", ".", "/", "../../../a", "missing"));

    private static readonly Gen<TarTimestamp> Time = Gen.Select(Gen.Long[0, 2_000_000_000], Gen.Int[0, 999_999_999],
        (seconds, nanoseconds) => new TarTimestamp(seconds, nanoseconds));

    private static readonly Gen<TestEntry> Entry = Gen.Select(Path, Target, Gen.Int[0, 15], Gen.Int[0, 0xFFF], Time, Make);

    public static Gen<TestEntry[][]> Layers { get; } = Entry.Array[0, 8].Array[1, 4];

    private static TestEntry Make(string path, string target, int kind, int mode, TarTimestamp time) => (kind switch
    {
        <= 2 => TestEntry.Directory(path),
        <= 6 => TestEntry.File(path, target),
        7 => TestEntry.File(path, ""),
        <= 9 => TestEntry.Symlink(path, target),
        10 => TestEntry.HardLink(path, target),
        11 => TestEntry.HardLink(path, path.Length > 3 ? path[..^2] : "a"),
        12 => TestEntry.Fifo(path),
        13 => TestEntry.File(Hidden(path), ""),
        14 => TestEntry.File(Hidden(path), ""),
        _ => TestEntry.File(path + "/.wh..wh..opq", ""),
    }) with
    {
        Mode = mode,
        Time = time,
    };

    private static Gen<string> Choose(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(index => texts[index]);

    private static string Hidden(string path)
    {
        int slash = path.LastIndexOf('/') + 1;
        return $"{path[..slash]}.wh.{path[slash..]}";
    }
}
