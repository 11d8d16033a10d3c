using System.Globalization;

namespace OciImage.Layers;

/// <summary>Says which owners on this system stand for the owners in an image, as a user namespace does (user_namespaces(7)).</summary>
/// <remarks>An instance never changes.</remarks>
public sealed class OwnerMap
{
    private const int MaxRanges = 340;
    private const int MaxLines = 100_000;

    private readonly IdRange[] _users;
    private readonly IdRange[] _groups;

    /// <summary>Initializes a new instance.</summary>
    /// <param name="users">The ranges of users: 1 to 340, as the kernel takes.</param>
    /// <param name="groups">The ranges of groups: 1 to 340.</param>
    /// <exception cref="ArgumentException">There is no range, there are too many, or two of them have an owner in common.</exception>
    public OwnerMap(IReadOnlyList<IdRange> users, IReadOnlyList<IdRange> groups)
    {
        _users = Check(users, nameof(users));
        _groups = Check(groups, nameof(groups));
    }

    /// <summary>Gets the ranges of users.</summary>
    public IReadOnlyList<IdRange> Users => _users;

    /// <summary>Gets the ranges of groups.</summary>
    public IReadOnlyList<IdRange> Groups => _groups;

    /// <summary>Reads ranges as <c>container:host:count</c>, separated by commas, for users and groups alike.</summary>
    /// <param name="ranges">The text, such as <c>0:100000:65536</c>.</param>
    /// <returns>The map.</returns>
    /// <exception cref="FormatException">The text has another form, or its ranges do not fit together.</exception>
    public static OwnerMap Parse(string ranges) => Parse(ranges, ranges);

    /// <summary>Reads ranges as <c>container:host:count</c>, separated by commas.</summary>
    /// <param name="users">The ranges of users, such as <c>0:100000:65536</c>.</param>
    /// <param name="groups">The ranges of groups.</param>
    /// <returns>The map.</returns>
    /// <exception cref="FormatException">A text has another form, or its ranges do not fit together.</exception>
    public static OwnerMap Parse(string users, string groups)
    {
        ArgumentNullException.ThrowIfNull(users);
        ArgumentNullException.ThrowIfNull(groups);
        try
        {
            return new OwnerMap(ParseRanges(users), ParseRanges(groups));
        }
        catch (ArgumentException exception)
        {
            throw new FormatException(exception.Message, exception);
        }
    }

    /// <summary>Makes the map that rootless tools use: the user stands for root, and subordinate owners for 1 and all above.</summary>
    /// <remarks>The format is that of subuid(5) and subgid(5); a line that is malformed or somebody else's counts for nothing.</remarks>
    /// <param name="user">The name of the user, or its number as text.</param>
    /// <param name="uid">The number of the user.</param>
    /// <param name="gid">The number of its group.</param>
    /// <param name="subordinateUsers">The content of <c>/etc/subuid</c>; it stays open.</param>
    /// <param name="subordinateGroups">The content of <c>/etc/subgid</c>; it stays open.</param>
    /// <returns>The map.</returns>
    /// <exception cref="ArgumentException">The ranges have an owner in common, or there are too many.</exception>
    public static OwnerMap FromSubordinateIds(
        string user, uint uid, uint gid, TextReader subordinateUsers, TextReader subordinateGroups)
    {
        ArgumentException.ThrowIfNullOrEmpty(user);
        ArgumentNullException.ThrowIfNull(subordinateUsers);
        ArgumentNullException.ThrowIfNull(subordinateGroups);
        string number = uid.ToString(CultureInfo.InvariantCulture);

        return new OwnerMap(
            ReadSubordinate(subordinateUsers, user, number, uid), ReadSubordinate(subordinateGroups, user, number, gid));
    }

    /// <summary>Finds the user on this system that stands for a user in the image.</summary>
    /// <param name="containerId">The user in the image.</param>
    /// <param name="hostId">The user on this system, or 0.</param>
    /// <returns>Whether a range has it.</returns>
    public bool TryMapUser(uint containerId, out uint hostId) => TryMap(_users, containerId, out hostId);

    /// <summary>Finds the group on this system that stands for a group in the image.</summary>
    /// <param name="containerId">The group in the image.</param>
    /// <param name="hostId">The group on this system, or 0.</param>
    /// <returns>Whether a range has it.</returns>
    public bool TryMapGroup(uint containerId, out uint hostId) => TryMap(_groups, containerId, out hostId);

    private static bool TryMap(IdRange[] ranges, uint id, out uint mapped)
    {
        foreach (IdRange range in ranges)
        {
            if (range.TryMap(id, out mapped))
            {
                return true;
            }
        }

        mapped = 0;
        return false;
    }

    private static IdRange[] Check(IReadOnlyList<IdRange> ranges, string name)
    {
        ArgumentNullException.ThrowIfNull(ranges, name);
        if (ranges.Count is 0 or > MaxRanges || ranges.Any(range => range.Count == 0))
        {
            throw new ArgumentException($"A map has 1 to {MaxRanges} ranges that are not empty, not {ranges.Count}.", name);
        }

        for (int i = 0; i < ranges.Count; i++)
        {
            for (int j = i + 1; j < ranges.Count; j++)
            {
                if (ranges[i].Overlaps(ranges[j]))
                {
                    throw new ArgumentException("Two ranges of a map have an owner in common.", name);
                }
            }
        }

        return [.. ranges];
    }

    private static List<IdRange> ParseRanges(string text)
    {
        var ranges = new List<IdRange>();
        foreach (string part in text.Split(','))
        {
            string[] numbers = part.Split(':');
            ranges.Add(numbers.Length == 3 && TryParse(numbers[0], out uint container) && TryParse(numbers[1], out uint host) &&
                TryParse(numbers[2], out uint count)
                ? new IdRange(container, host, count)
                : throw new FormatException($"'{Excerpt.Of(part)}' is no range of owners: container:host:count."));
        }

        return ranges;
    }

    private static List<IdRange> ReadSubordinate(TextReader reader, string user, string number, uint own)
    {
        var ranges = new List<IdRange> { new(0, own, 1) };
        uint next = 1;
        for (int i = 0; i < MaxLines && reader.ReadLine() is { } line; i++)
        {
            string[] parts = line.Split(':');
            if (parts.Length == 3 && (parts[0] == user || parts[0] == number) &&
                TryParse(parts[1], out uint start) && TryParse(parts[2], out uint count) && count > 0)
            {
                ranges.Add(new IdRange(next, start, count));
                next += count;
            }
        }

        return ranges;
    }

    private static bool TryParse(string text, out uint number) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
