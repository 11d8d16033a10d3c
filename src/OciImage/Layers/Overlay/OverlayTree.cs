namespace OciImage.Layers;

/// <summary>Tells where the directories of an overlay are, one for each layer.</summary>
/// <param name="Directory">The directory that has them, which only its owner can enter.</param>
/// <param name="LowerDirectories">The directories of the layers, the top one first, as <c>lowerdir</c> wants them.</param>
/// <param name="UserXattrs">Whether the mount needs <c>userxattr</c>.</param>
/// <param name="Report">What was unpacked, skipped, changed and tolerated.</param>
public sealed record OverlayTree(
    string Directory, IReadOnlyList<string> LowerDirectories, bool UserXattrs, UnpackReport Report)
{
    /// <summary>Gets the options of <c>mount -t overlay</c> that show the tree, read only unless <c>upperdir</c> and <c>workdir</c> are added.</summary>
    /// <value>
    /// Backslashes, colons and commas in paths are escaped. Without an upper directory the kernel wants two lower ones, so an image of one
    /// layer needs an empty directory besides; it takes options up to the size of a page, usually 4096 bytes.
    /// </value>
    public string MountOptions =>
        $"lowerdir={string.Join(':', LowerDirectories.Select(Escape))}{(UserXattrs ? ",userxattr" : "")}";

    private static string Escape(string path) => path
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace(":", "\\:", StringComparison.Ordinal)
        .Replace(",", "\\,", StringComparison.Ordinal);
}
