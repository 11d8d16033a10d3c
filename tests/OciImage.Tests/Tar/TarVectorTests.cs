using System.Security.Cryptography;
using System.Text.Json;
using OciImage.Compression;
using OciImage.Tar;

namespace OciImage.Tests.Tar;

/// <summary>Compares the reader with Go's archive/tar over Go's own test archives, where they are at hand.</summary>
/// <remarks>
/// What deviates does so on purpose, and is what this table says, in docs/layers.md as well: a size that the header of an entry without
/// content has is 0 here and reported, so that nobody allocates by it; device numbers of what is no device mean nothing and are 0; global
/// headers are no entries of a tree and are passed over and reported; the type 'S' is a regular file with extents.
/// </remarks>
public sealed class TarVectorTests
{
    private static readonly Dictionary<string, string[]> Deviations = new()
    {
        ["gnu-nil-sparse-data.tar"] = ["type"],
        ["gnu-sparse-big.tar"] = ["type"],
        ["hdr-only.tar"] = ["size"],
        ["pax-global-records.tar"] = ["global"],
        ["sparse-formats.tar"] = ["type"],
        ["ustar-file-devs.tar"] = ["device"],
    };

    public static TheoryData<string> Files
    {
        get
        {
            string path = Path.Combine(Folder(), "expected.json");
            var names = new TheoryData<string>();
            if (File.Exists(path))
            {
                using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
                foreach (JsonElement row in document.RootElement.EnumerateArray())
                {
                    names.Add(row.GetProperty("file").GetString()!);
                }
            }
            else
            {
                names.Add("");
            }

            return names;
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Read_ReadsWhatGoReads(string file)
    {
        Assert.SkipWhen(file.Length == 0, "The vectors are not at hand.");
        using JsonDocument document = JsonDocument.Parse(
            await File.ReadAllBytesAsync(Path.Combine(Folder(), "expected.json"), TestContext.Current.CancellationToken));
        JsonElement row = document.RootElement.EnumerateArray().Single(row => row.GetProperty("file").GetString() == file);
        List<JsonElement> expected = [.. row.GetProperty("entries").EnumerateArray().Where(entry => Type(entry) != "g")];
        using var reader = new TarReader(Open(file));
        var deviations = new SortedSet<string>(StringComparer.Ordinal);
        if (expected.Count < row.GetProperty("entries").GetArrayLength())
        {
            deviations.Add("global");
        }

        int index = 0;
        LayerException? error = null;
        try
        {
            while (await reader.ReadNextAsync(TestContext.Current.CancellationToken) is { } entry)
            {
                Assert.True(index < expected.Count, $"Go has no entry '{entry.DisplayName}'.");
                await CompareAsync(expected[index++], entry, reader, deviations);
            }
        }
        catch (LayerException exception)
        {
            error = exception;
        }

        bool goFailed = row.TryGetProperty("error", out JsonElement message) && message.GetString()?.Length > 0;
        Assert.Equal(goFailed, error is not null);
        Assert.Equal(expected.Count, index);
        Assert.Equal(Deviations.GetValueOrDefault(file, []), deviations);
    }

    private static async Task CompareAsync(
        JsonElement expected, TarEntry entry, TarReader reader, SortedSet<string> deviations)
    {
        Assert.Equal(expected.GetProperty("nameBase64").GetString(), Convert.ToBase64String(entry.Name.Span));
        Assert.Equal(Text(expected, "linkBase64"), Convert.ToBase64String(entry.LinkName.Span));
        Deviate("type", Type(expected) != TypeFlag(entry.Type), Type(expected) == "S" && entry.Type == TarEntryType.RegularFile);
        Assert.Equal(Number(expected, "mode"), entry.Mode);
        Assert.Equal(Number(expected, "uid"), entry.Uid);
        Assert.Equal(Number(expected, "gid"), entry.Gid);
        Assert.Equal(Text(expected, "uname"), entry.UserName);
        Assert.Equal(Text(expected, "gname"), entry.GroupName);
        Assert.Equal(Number(expected, "mtimeUnix"), entry.ModifiedTime.Seconds);
        Assert.Equal(Number(expected, "mtimeNanos"), entry.ModifiedTime.Nanoseconds);
        bool isFile = entry.Type == TarEntryType.RegularFile;
        bool isDevice = entry.Type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice;
        Deviate("size", Number(expected, "size") != entry.Size, !isFile && entry.Size == 0);
        Deviate(
            "device",
            Number(expected, "devMajor") != entry.DeviceMajor || Number(expected, "devMinor") != entry.DeviceMinor,
            !isDevice && (entry.DeviceMajor, entry.DeviceMinor) == (0, 0));
        CompareXattrs(expected, entry);
        if (isFile && !expected.TryGetProperty("contentSkipped", out _))
        {
            await CompareContentAsync(expected, reader);
        }

        void Deviate(string what, bool differs, bool isOnPurpose)
        {
            Assert.True(isOnPurpose || !differs, what);
            if (differs)
            {
                deviations.Add(what);
            }
        }
    }

    private static void CompareXattrs(JsonElement expected, TarEntry entry)
    {
        Dictionary<string, string?> wanted = expected.TryGetProperty("xattrsBase64", out JsonElement map)
            ? map.EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetString())
            : [];
        Dictionary<string, string?> found = entry.Xattrs.ToDictionary(
            xattr => System.Text.Encoding.UTF8.GetString(xattr.Name.Span), xattr => (string?)Convert.ToBase64String(xattr.Value.Span));

        Assert.Equal(wanted, found);
    }

    private static async Task CompareContentAsync(JsonElement expected, TarReader reader)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[777];
        long length = 0;
        while (await reader.ReadContentAsync(buffer, TestContext.Current.CancellationToken) is > 0 and int read)
        {
            hash.AppendData(buffer, 0, read);
            length += read;
        }

        Assert.Equal(Number(expected, "contentLength"), length);
        if (Text(expected, "contentSha256") is { Length: > 0 } digest)
        {
            Assert.Equal(digest, Convert.ToHexStringLower(hash.GetCurrentHash()));
        }
    }

    // Beside the project's root, which a deterministic build does not tell: it maps the paths of sources.
    private static string Folder()
    {
        string? root = AppContext.BaseDirectory;
        while (root is not null && !File.Exists(Path.Combine(root, "OciImage.sln")))
        {
            root = Path.GetDirectoryName(root);
        }

        return Path.GetFullPath(Path.Combine(root ?? AppContext.BaseDirectory, "../shared/vectors/tar"));
    }

    private static Stream Open(string file)
    {
        Stream stream = File.OpenRead(Path.Combine(Folder(), file));
        CompressionFormat format = Path.GetExtension(file) switch
        {
            ".gz" => CompressionFormat.Gzip,
            ".bz2" => CompressionFormat.Bzip2,
            _ => CompressionFormat.None,
        };
        return LayerCompression.OpenDecompressor(stream, format);
    }

    private static string Type(JsonElement entry) => entry.GetProperty("type").GetString()!;

    private static string TypeFlag(TarEntryType type) => ((int)type).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static long Number(JsonElement entry, string name) =>
        entry.TryGetProperty(name, out JsonElement value) ? value.GetInt64() : 0;

    private static string Text(JsonElement entry, string name) =>
        entry.TryGetProperty(name, out JsonElement value) ? value.GetString()! : "";
}
