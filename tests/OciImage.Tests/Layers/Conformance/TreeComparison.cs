using System.Globalization;
using System.Text;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>Compares a tree with the one that a case expects; says every difference in a line.</summary>
internal sealed class TreeComparison(IReadOnlyDictionary<string, FoundNode> found, CaseOmissions omissions)
{
    private readonly List<string> _faults = [];

    public static IReadOnlyList<string> Compare(
        IReadOnlyDictionary<string, CaseNode> expected, IReadOnlyDictionary<string, FoundNode> found, CaseOmissions omissions)
    {
        var comparison = new TreeComparison(found, omissions);
        foreach ((string path, CaseNode node) in expected)
        {
            comparison.CompareNode(path, node, expected);
        }

        foreach (string path in found.Keys.Where(path => !expected.ContainsKey(path)))
        {
            comparison.Add(path, "is there", "not");
        }

        comparison.CompareIdentities(expected);
        return comparison._faults;
    }

    private void CompareNode(string path, CaseNode node, IReadOnlyDictionary<string, CaseNode> expected)
    {
        if (!found.TryGetValue(path, out FoundNode? actual))
        {
            Add(path, "is missing", "there");
            return;
        }

        if (node.SameAs is { } first)
        {
            node = expected[first];
        }

        string type = node.IsImplied ? "dir" : node.Type;
        Check(path, "type", actual.Type, type);
        if (type != "symlink")
        {
            string mode = node.IsImplied ? "0755" : node.Mode ?? CaseEntry.DefaultMode(type);
            Check(path, "mode", Convert.ToString(actual.Mode, 8).PadLeft(4, '0'), mode);
        }

        if (!omissions.HasFlag(CaseOmissions.Owners))
        {
            Check(path, "owner", $"{actual.Uid}:{actual.Gid}", node.IsImplied ? "0:0" : $"{node.Uid}:{node.Gid}");
        }

        CompareTime(path, node, actual);
        if (type == "symlink")
        {
            byte[] link = node.LinkBase64 is not null ? Convert.FromBase64String(node.LinkBase64) : Encoding.UTF8.GetBytes(node.Link ?? "");
            Check(path, "link", TreeSnapshot.Key(actual.Link), TreeSnapshot.Key(link));
        }
        else if (type is "char" or "block")
        {
            Check(path, "device", $"{actual.Device.Major}:{actual.Device.Minor}", $"{node.Device?[0]}:{node.Device?[1]}");
        }
        else if (type == "file")
        {
            (long size, string sha256) = node.DescribeContent();
            Check(path, "content", $"{actual.Size} bytes, {actual.Sha256}", $"{size} bytes, {sha256}");
            if (node.Sparse && !omissions.HasFlag(CaseOmissions.Holes))
            {
                Check(path, "holes", $"{actual.HasHoles}", "True");
            }
        }

        Check(path, "attributes", Text(actual.Xattrs), Text(node.Xattrs));
    }

    private void CompareTime(string path, CaseNode node, FoundNode actual)
    {
        string time = node.IsImplied ? "0" : node.Mtime;
        if (time == "any")
        {
            return;
        }

        // A negative time counts its fraction back, as PAX does.
        decimal expected = decimal.Parse(time, CultureInfo.InvariantCulture);
        decimal seconds = actual.Seconds + (actual.Nanoseconds / 1_000_000_000m);
        Check(path, "time", seconds.ToString("0.#########", CultureInfo.InvariantCulture), expected.ToString("0.#########", CultureInfo.InvariantCulture));
    }

    private void CompareIdentities(IReadOnlyDictionary<string, CaseNode> expected)
    {
        if (omissions.HasFlag(CaseOmissions.HardLinks))
        {
            return;
        }

        var firsts = new Dictionary<string, string>();
        foreach ((string path, CaseNode node) in expected)
        {
            if (!found.TryGetValue(path, out FoundNode? actual) || actual.Identity is null)
            {
                continue;
            }

            string group = node.SameAs ?? path;
            if (firsts.TryGetValue(actual.Identity, out string? other) && other != group)
            {
                Add(path, $"is one file with '{other}'", $"with '{group}'");
            }
            else if (node.SameAs is { } first && found.GetValueOrDefault(first)?.Identity != actual.Identity)
            {
                Add(path, "is a file of its own", $"one with '{first}'");
            }

            firsts[actual.Identity] = group;
        }
    }

    private static string Text(IReadOnlyDictionary<string, string> xattrs) =>
        string.Join(", ", xattrs.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"));

    private void Check(string path, string what, string actual, string expected)
    {
        if (actual != expected)
        {
            Add(path, $"has the {what} '{actual}'", $"'{expected}'");
        }
    }

    private void Add(string path, string actual, string expected) =>
        _faults.Add($"'{Excerpt.Of(path)}' {Excerpt.Of(actual)}, expected {Excerpt.Of(expected)}.");
}
