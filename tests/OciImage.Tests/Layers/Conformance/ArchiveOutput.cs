using System.Security.Cryptography;
using System.Text;
using OciImage.Content;
using OciImage.Layers;
using OciImage.Tar;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>The merged tree as one archive, as a list of its entries.</summary>
internal sealed class ArchiveOutput : ICaseOutput
{
    public string Kind => "archive";

    public bool UsesFileSystem => false;

    public static string TypeName(TarEntryType type) => type switch
    {
        TarEntryType.RegularFile => "file",
        TarEntryType.Directory => "dir",
        TarEntryType.SymbolicLink => "symlink",
        TarEntryType.CharacterDevice => "char",
        TarEntryType.BlockDevice => "block",
        TarEntryType.Fifo => "fifo",
        _ => "hardlink",
    };

    public static Dictionary<string, string> Xattrs(IReadOnlyList<TarXattr> xattrs) => xattrs.ToDictionary(
        xattr => Encoding.UTF8.GetString(xattr.Name.Span), xattr => Convert.ToBase64String(xattr.Value.Span));

    public static async Task<(byte[] Archive, IReadOnlyList<LayerRemark> Remarks)> FlattenAsync(
        IContentFetcher source, IReadOnlyList<LayerToApply> layers, UnpackOptions options, CancellationToken cancellationToken)
    {
        ImageFileTree tree = await ImageFileTree.ReadAsync(source, layers, VirtualOutput.Options(options), cancellationToken);
        using var archive = new MemoryStream();
        await tree.WriteArchiveAsync(archive, cancellationToken);

        return (archive.ToArray(), tree.Remarks);
    }

    public async Task<CaseResult> ApplyAsync(
        string place, IContentFetcher source, IReadOnlyList<LayerToApply> layers, UnpackOptions options, CancellationToken cancellationToken)
    {
        (byte[] archive, IReadOnlyList<LayerRemark> remarks) = await FlattenAsync(source, layers, options, cancellationToken);
        var found = new Dictionary<string, FoundNode>();
        using var reader = new TarReader(new MemoryStream(archive));
        while (await reader.ReadNextAsync(cancellationToken) is { } entry)
        {
            string path = PathOf(entry.Name);
            FoundNode node = entry.Type == TarEntryType.HardLink
                ? found[PathOf(entry.LinkName)]
                : await DescribeAsync(reader, entry, path, cancellationToken);
            Assert.True(found.TryAdd(path, node), $"'{path}' occurs twice.");
            Assert.True(path == "." || found.ContainsKey(Above(entry.Name)), $"'{path}' stands before its directory.");
        }

        await reader.DrainAsync(cancellationToken);
        Assert.Empty(reader.Oddities);
        return new CaseResult(found, remarks) { Omissions = CaseOmissions.Holes };
    }

    private static string PathOf(ReadOnlyMemory<byte> name)
    {
        ReadOnlySpan<byte> path = name.Span.TrimEnd((byte)'/');
        path = path.StartsWith("./"u8) ? path[2..] : path;
        return path.IsEmpty ? "." : TreeSnapshot.Key(path);
    }

    private static string Above(ReadOnlyMemory<byte> name)
    {
        ReadOnlyMemory<byte> path = name[..name.Span.TrimEnd((byte)'/').Length];
        int slash = path.Span.LastIndexOf((byte)'/');
        return slash < 0 ? "." : PathOf(path[..slash]);
    }

    private static async Task<FoundNode> DescribeAsync(
        TarReader reader, TarEntry entry, string path, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[64 * 1024];
        int read;
        while ((read = await reader.ReadContentAsync(buffer, cancellationToken)) > 0)
        {
            hash.AppendData(buffer, 0, read);
        }

        return new FoundNode(TypeName(entry.Type))
        {
            Mode = entry.Mode,
            Uid = entry.Uid,
            Gid = entry.Gid,
            Seconds = entry.ModifiedTime.Seconds,
            Nanoseconds = entry.ModifiedTime.Nanoseconds,
            Link = entry.LinkName.ToArray(),
            Device = (entry.DeviceMajor, entry.DeviceMinor),
            Size = entry.Size,
            Sha256 = Convert.ToHexStringLower(hash.GetCurrentHash()),
            Xattrs = Xattrs(entry.Xattrs),
            Identity = entry.Type == TarEntryType.Directory ? null : path,
        };
    }
}
