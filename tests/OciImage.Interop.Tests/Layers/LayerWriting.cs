using System.Buffers.Binary;
using System.Text;
using OciImage.Tar;

namespace OciImage.Interop.Tests.Layers;

/// <summary>Writes the entries of a layer one after the other; names are Latin-1, so that any byte can be written.</summary>
internal sealed class LayerWriting : IDisposable
{
    private readonly MemoryStream _archive = new();
    private readonly TarWriter _writer;

    public LayerWriting()
    {
        _writer = new TarWriter(_archive);
    }

    public Task FileAsync(string name, string content = "content", int mode = 0x1A4) =>
        AddAsync(name, TarEntryType.RegularFile, content, mode);

    public Task DirectoryAsync(string name, int mode = 0x1ED) => AddAsync(name, TarEntryType.Directory, mode: mode);

    public Task HardLinkAsync(string name, string target) => AddAsync(name, TarEntryType.HardLink, link: target);

    public async Task AddAsync(
        string name,
        TarEntryType type,
        string content = "",
        int mode = 0x1A4,
        string link = "",
        long owner = 0,
        int nanoseconds = 0,
        params (string Name, byte[] Value)[] xattrs)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(content);
        await _writer.WriteEntryAsync(new TarEntry
        {
            Type = type,
            Name = Encoding.Latin1.GetBytes(name),
            LinkName = Encoding.Latin1.GetBytes(link),
            Size = bytes.Length,
            Mode = mode,
            Uid = owner,
            Gid = owner,
            ModifiedTime = new TarTimestamp(1_600_000_000, nanoseconds),
            Xattrs = [.. xattrs.Select(xattr => new TarXattr(Encoding.UTF8.GetBytes(xattr.Name), xattr.Value))],
        });
        await _writer.WriteContentAsync(bytes);
    }

    /// <summary>Returns the value of an attribute of an access control list: tag, permissions and number of each entry.</summary>
    public static byte[] AccessList(params (ushort Tag, ushort Permissions, uint Id)[] entries)
    {
        byte[] value = new byte[4 + (entries.Length * 8)];
        BinaryPrimitives.WriteUInt32LittleEndian(value, 2);
        for (int i = 0; i < entries.Length; i++)
        {
            Span<byte> entry = value.AsSpan(4 + (i * 8));
            BinaryPrimitives.WriteUInt16LittleEndian(entry, entries[i].Tag);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], entries[i].Permissions);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], entries[i].Id);
        }

        return value;
    }

    public async Task<byte[]> CompleteAsync()
    {
        await _writer.CompleteAsync();
        return _archive.ToArray();
    }

    public void Dispose() => _archive.Dispose();
}
