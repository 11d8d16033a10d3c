using System.Text;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>What an entry says of the thing it makes, besides its content.</summary>
internal sealed record NodeMetadata(uint Mode, uint Uid, uint Gid, TarTimestamp ModifiedTime, IReadOnlyList<TarXattr> Xattrs)
{
    /// <summary>Gets what a directory gets that no layer has an entry for.</summary>
    public static NodeMetadata ImpliedDirectory { get; } = new(0x1ED, 0, 0, default, []);

    /// <summary>Gets the name of the entry, for messages.</summary>
    public ReadOnlyMemory<byte> Path { get; init; }

    public string DisplayPath => Encoding.UTF8.GetString(Path.Span);

    public static NodeMetadata Of(TarEntry entry) =>
        new((uint)entry.Mode, (uint)entry.Uid, (uint)entry.Gid, entry.ModifiedTime, entry.Xattrs) { Path = entry.Name };
}
