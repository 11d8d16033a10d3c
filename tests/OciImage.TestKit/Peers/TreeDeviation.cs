namespace OciImage.TestKit.Peers;

/// <summary>Something that another program is known to do differently, and which entries of a tree it concerns.</summary>
/// <param name="Reason">What the program does, and since when or where that is said.</param>
/// <param name="Forget">Returns an entry without what differs; the same entry where nothing does.</param>
public sealed record TreeDeviation(string Reason, Func<TreeEntry, TreeEntry> Forget)
{
    /// <summary>Returns a deviation in the times of some paths.</summary>
    public static TreeDeviation OfTimes(string reason, params IReadOnlyList<string> paths) =>
        new(reason, entry => paths.Contains(entry.Path) ? entry with { Time = "" } : entry);

    /// <summary>Returns a deviation in the attributes of some paths.</summary>
    public static TreeDeviation OfXattrs(string reason, string prefix, params IReadOnlyList<string> paths) => new(
        reason,
        entry => paths.Contains(entry.Path)
            ? entry with { Xattrs = [.. entry.Xattrs.Where(xattr => !xattr.StartsWith(prefix, StringComparison.Ordinal))] }
            : entry);
}
