using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Xunit;

namespace OciImage.TestKit.Peers;

/// <summary>What a directory tree holds, as other programs see it: a line a path, the same for equal trees.</summary>
/// <remarks>Read with find and getfattr rather than with our own code, which is what is being compared.</remarks>
public static class TreeListing
{
    // Path, type, permissions, uid, gid, mtime with nanoseconds, inode, size, link target.
    private const string Format = @"%P\t%y\t%m\t%U\t%G\t%T@\t%i\t%s\t%l\0";

    /// <summary>Lists a tree: path, type, mode, owner, mtime, link target, hard links, xattrs and content.</summary>
    public static async Task<IReadOnlyList<string>> ReadAsync(string directory)
    {
        string found = await Peer.Require("find").RunOkAsync(directory, "-printf", Format);
        Dictionary<string, string> xattrs = await ReadXattrsAsync(directory);
        string[][] entries =
        [
            .. found.Split('\0', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split('\t'))
                .OrderBy(fields => fields[0], StringComparer.Ordinal),
        ];

        var firstOfInode = new Dictionary<string, string>();
        var lines = new List<string>();
        foreach (string[] fields in entries)
        {
            (string path, string type) = (fields[0], fields[1]);
            var line = new StringBuilder();
            line.Append(CultureInfo.InvariantCulture, $"{path} {type} {fields[2]} {fields[3]}:{fields[4]}");
            line.Append(CultureInfo.InvariantCulture, $" {fields[5]}");
            if (type == "l")
            {
                line.Append(CultureInfo.InvariantCulture, $" -> {fields[8]}");
            }
            else if (type == "f")
            {
                string first = firstOfInode.TryGetValue(fields[6], out string? known) ? known : path;
                firstOfInode[fields[6]] = first;
                string content = await HashAsync(Path.Combine(directory, path));
                line.Append(CultureInfo.InvariantCulture, $" = {first} {fields[7]} {content}");
            }

            line.Append(xattrs.GetValueOrDefault(path, ""));
            lines.Add(line.ToString());
        }

        return lines;
    }

    /// <summary>Fails the test unless two trees are equal; says where they first differ.</summary>
    public static async Task AssertEqualAsync(string expectedDirectory, string actualDirectory)
    {
        IReadOnlyList<string> expected = await ReadAsync(expectedDirectory);
        IReadOnlyList<string> actual = await ReadAsync(actualDirectory);

        Assert.NotEmpty(expected);
        Assert.Equal(
            string.Join('\n', expected.Except(actual).Take(10)), string.Join('\n', actual.Except(expected).Take(10)));
        Assert.Equal(expected.Count, actual.Count);
    }

    private static async Task<Dictionary<string, string>> ReadXattrsAsync(string directory)
    {
        string output = await Peer.Require("getfattr").RunOkAsync(
            "-R", "-P", "-h", "-d", "-m", "-", "-e", "hex", "--absolute-names", directory);
        var xattrs = new Dictionary<string, string>();
        foreach (string block in output.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            string[] lines = block.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            string path = Path.GetRelativePath(directory, lines[0]["# file: ".Length..]);
            xattrs[path == "." ? "" : path] = $" [{string.Join(' ', lines.Skip(1).Order(StringComparer.Ordinal))}]";
        }

        return xattrs;
    }

    private static async Task<string> HashAsync(string path)
    {
        await using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, TestContext.Current.CancellationToken));
    }
}
