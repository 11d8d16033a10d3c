using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>What an entry says of the thing it makes, besides its content.</summary>
internal sealed record NodeMetadata(uint Mode, uint Uid, uint Gid, TarTimestamp ModifiedTime, IReadOnlyList<TarXattr> Xattrs)
{
    /// <summary>Gets what a directory gets that no layer has an entry for.</summary>
    public static NodeMetadata ImpliedDirectory { get; } = new(0x1ED, 0, 0, default, []);

    public static NodeMetadata Of(TarEntry entry) =>
        new((uint)entry.Mode, (uint)entry.Uid, (uint)entry.Gid, entry.ModifiedTime, entry.Xattrs);
}
