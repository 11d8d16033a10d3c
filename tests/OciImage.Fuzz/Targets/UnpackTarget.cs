using OciImage.Compression;
using OciImage.Content;
using OciImage.Layers;
using OciImage.Linux;

namespace OciImage.Fuzz.Targets;

/// <summary>Layers, compressed or not, unpacked twice: paths through the kernel's openat2, and through the walk that stands in for it.</summary>
/// <remarks>Runs without rights of root as well: owners are ignored and devices skipped.</remarks>
public sealed class UnpackTarget : FuzzTarget
{
    private const long MaxBytes = 4 * 1024 * 1024;
    private const string RootName = "root";

    // In memory it takes a fraction of the time.
    private static readonly string Above = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();

    /// <inheritdoc/>
    public override string Name => "unpack";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Words =>
    [
        "ustar\0" + "00", "../", "../../outside/file", "/", "./", ".wh.", ".wh..wh..opq", ".wh..wh.plnk", "..", "a", "a/b", "dir/", "link", "/dir",
        "20 path=b\n", "16 linkpath=x/y\n", "27 SCHILY.xattr.user.a=b\n", "12 size=100\n", "0", "1", "2", "5", "6", "0000777\0",
    ];

    /// <inheritdoc/>
    /// <remarks>Each of them makes and removes trees.</remarks>
    public override int MutationsPerSeed => 30;

    /// <summary>Unpacks a layer; returns whether it was applied.</summary>
    public static bool Take(ReadOnlySpan<byte> input)
    {
        if (!LayerUnpacker.IsSupported)
        {
            return false;
        }

        byte[] bytes = input.ToArray();
        var layer = new LayerToApply(
            new Descriptor { MediaType = MediaTypes.Layer, Digest = Digest.Compute(bytes), Size = bytes.Length }, DiffIdOf(bytes));
        string one = Unpack(bytes, layer, avoidOpenAt2: false);
        string other = Unpack(bytes, layer, avoidOpenAt2: true);
        BrokenPromiseException.Unless(one == other, $"The two ways of resolving paths disagree:\n{one}\n{other}");
        CheckTree(bytes, layer, one);

        return one[0] != '!';
    }

    /// <inheritdoc/>
    /// <remarks>Changes rarely leave a checksum right, so each input is also taken with its headers put right.</remarks>
    public override void Run(ReadOnlySpan<byte> input)
    {
        Take(input);
        if (TarMending.TryMend(input) is { } mended)
        {
            Take(mended);
        }
    }

    private static UnpackOptions Options(bool avoidOpenAt2) => new()
    {
        MaxBytes = MaxBytes,
        MaxEntries = 500,
        MaxDepth = 32,
        Owners = OwnerPolicy.Ignore,
        Devices = DevicePolicy.Skip,
        AvoidOpenAt2 = avoidOpenAt2,
    };

    // Returns what the tree holds, or the kind of the refusal behind an exclamation mark.
    private static string Unpack(byte[] bytes, LayerToApply layer, bool avoidOpenAt2)
    {
        DirectoryInfo place = Directory.CreateDirectory(Path.Combine(Above, $"ociimage-fuzz-{Guid.NewGuid():N}"));
        try
        {
            string outside = TreeText.MakeOutside(place.FullName);
            string result;
            try
            {
                LayerUnpacker.UnpackAsync(
                    new BytesFetcher(bytes), [layer], Path.Combine(place.FullName, RootName), Options(avoidOpenAt2)).AsTask().GetAwaiter().GetResult();
                result = TreeText.Read(Path.Combine(place.FullName, RootName));
            }
            catch (LayerException refusal)
            {
                Refusal.Check(refusal);
                result = $"!{refusal.Kind}";
            }

            string[] left = [.. Directory.GetFileSystemEntries(place.FullName).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
            string[] expected = result[0] == '!' ? ["outside"] : ["outside", RootName];
            BrokenPromiseException.Unless(left.SequenceEqual(expected), $"'{string.Join(' ', left)}' is left.");
            BrokenPromiseException.Unless(TreeText.MakeOutside(place.FullName) == outside, "What lies outside the root changed.");
            return result;
        }
        finally
        {
            using DirectoryHandle above = DirectoryHandle.OpenPath(place.Parent!.FullName);
            TreeRemover.Remove(above, System.Text.Encoding.UTF8.GetBytes(place.Name));
        }
    }

    // The tree in memory follows the same rules, and has no limits of a file system's own.
    private static void CheckTree(byte[] bytes, LayerToApply layer, string unpacked)
    {
        string merged;
        try
        {
            ImageFileTree tree = ImageFileTree.ReadAsync(
                new BytesFetcher(bytes), [layer], new ImageFileTreeOptions { MaxBytes = MaxBytes, MaxEntries = 500, MaxDepth = 32 })
                .AsTask().GetAwaiter().GetResult();
            merged = TreeText.Read(tree);
        }
        catch (LayerException refusal)
        {
            Refusal.Check(refusal);
            merged = $"!{refusal.Kind}";
        }

        BrokenPromiseException.Unless(merged == unpacked, $"The tree in memory is another one:\n{merged}\n{unpacked}");
    }

    private static Digest DiffIdOf(byte[] bytes)
    {
        try
        {
            CompressionFormat format = LayerCompression.Detect(bytes.AsSpan(0, Math.Min(bytes.Length, LayerCompression.MagicLength)));
            using Stream archive = LayerCompression.OpenDecompressor(
                new MemoryStream(bytes, writable: false), format, new DecompressionOptions { MaxSize = MaxBytes });
            using var content = new MemoryStream();
            archive.CopyTo(content);
            return Digest.Compute(content.ToArray());
        }
        catch (LayerException)
        {
            return Digest.Compute([]);
        }
    }

    private sealed class BytesFetcher(byte[] bytes) : IContentFetcher
    {
        public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
            new(new ContentStream(new MemoryStream(bytes, writable: false), descriptor));
    }
}
