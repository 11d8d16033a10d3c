using Xunit;

namespace OciImage.TestKit.Peers;

/// <summary>What a directory tree holds, as other programs see it: an entry a path, the same for equal trees.</summary>
/// <remarks>Read with find, stat, sha256sum and getfattr rather than with our own code, which is what is being compared.</remarks>
public static class TreeListing
{
    // Path, type, permissions, uid, gid, mtime with nanoseconds, inode, size, link target.
    private const string Format = @"%P\t%y\t%m\t%U\t%G\t%T@\t%i\t%s\t%l\0";

    /// <summary>Lists a tree: path, type, mode, owner, mtime, link target, hard links, device numbers, xattrs and content.</summary>
    public static async Task<IReadOnlyList<TreeEntry>> ReadAsync(string directory)
    {
        Peer find = Peer.Require("find");
        string found = await find.RunOkAsync(directory, "-printf", Format);
        Dictionary<string, string> contents = await ReadPairsAsync(
            find, directory, "  ", "-type", "f", "-exec", Peer.Require("sha256sum").Path, "-z", "{}", "+");
        Dictionary<string, string> devices = await ReadPairsAsync(
            find, directory, "  ", "(", "-type", "b", "-o", "-type", "c", ")", "-exec", Peer.Require("stat").Path, "--printf", @"%t:%T  %n\0", "{}", "+");
        Dictionary<string, string[]> xattrs = await ReadXattrsAsync(directory);
        string[][] lines =
        [
            .. found.Split('\0', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split('\t'))
                .OrderBy(fields => fields[0], StringComparer.Ordinal),
        ];

        var firstOfInode = new Dictionary<string, string>();
        var entries = new List<TreeEntry>();
        foreach (string[] fields in lines)
        {
            (string path, string type) = (fields[0], fields[1]);
            entries.Add(new TreeEntry
            {
                Path = path,
                Type = type,
                Mode = fields[2],
                Owner = $"{fields[3]}:{fields[4]}",
                Time = fields[5],
                Target = fields[8],
                First = type == "d" ? "" : firstOfInode.TryGetValue(fields[6], out string? known) ? known : firstOfInode[fields[6]] = path,
                Content = type == "f" ? $"{fields[7]} {contents[path]}" : devices.GetValueOrDefault(path, ""),
                Xattrs = xattrs.GetValueOrDefault(path, []),
            });
        }

        return entries;
    }

    /// <summary>Fails the test unless two trees are equal but for what is known to differ; says where they first differ.</summary>
    public static async Task AssertEqualAsync(
        string expectedDirectory, string actualDirectory, params IReadOnlyList<TreeDeviation> known)
    {
        string[] expected = [.. (await ReadAsync(expectedDirectory)).Select(Describe)];
        string[] actual = [.. (await ReadAsync(actualDirectory)).Select(Describe)];

        Assert.NotEmpty(expected);
        Assert.Equal(
            string.Join('\n', expected.Except(actual).Take(10)), string.Join('\n', actual.Except(expected).Take(10)));
        Assert.Equal(expected.Length, actual.Length);

        string Describe(TreeEntry entry) => known.Aggregate(entry, (left, deviation) => deviation.Forget(left)).ToString();
    }

    private static async Task<Dictionary<string, string>> ReadPairsAsync(
        Peer find, string directory, string separator, params string[] expression)
    {
        string output = await find.RunOkAsync([directory, .. expression]);

        return output.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(separator, 2))
            .ToDictionary(pair => Path.GetRelativePath(directory, pair[1]), pair => pair[0]);
    }

    private static async Task<Dictionary<string, string[]>> ReadXattrsAsync(string directory)
    {
        string output = await Peer.Require("getfattr").RunOkAsync(
            "-R", "-P", "-h", "-d", "-m", "-", "-e", "hex", "--absolute-names", directory);
        var xattrs = new Dictionary<string, string[]>();
        foreach (string block in output.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            string[] lines = block.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            string path = Path.GetRelativePath(directory, lines[0]["# file: ".Length..]);
            xattrs[path == "." ? "" : path] = [.. lines.Skip(1).Order(StringComparer.Ordinal)];
        }

        return xattrs;
    }
}
