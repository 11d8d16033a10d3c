using System.Globalization;

namespace OciImage.Bundles;

/// <summary>What a text says of a user and a group, before anything is looked up.</summary>
/// <param name="Name">The name of the user, or <see langword="null"/> where there is a number.</param>
/// <param name="Uid">The number of the user, or <see langword="null"/> where there is a name.</param>
/// <param name="GroupName">The name of the group, or <see langword="null"/>.</param>
/// <param name="Gid">The number of the group, or <see langword="null"/>.</param>
internal sealed record UserText(string? Name, uint? Uid, string? GroupName, uint? Gid)
{
    public bool HasGroup => GroupName is not null || Gid is not null;

    public static UserText Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return new UserText(null, 0, null, null);
        }

        string[] parts = text.Split(':');
        // An empty user would be root. A colon at the end means no group to everyone who runs images.
        if (parts is [""] or ["", ..] or [_, _, _, ..] || text.Contains('\0', StringComparison.Ordinal))
        {
            throw Refuse(text, "is no user; expected USER or USER:GROUP");
        }

        (string? name, uint? uid) = ParsePart(parts[0], text);
        (string? groupName, uint? gid) = parts is [_, { Length: > 0 } group] ? ParsePart(group, text) : (null, null);

        return new UserText(name, uid, groupName, gid);
    }

    // What looks like a number is one: "4294967296" as a name would be whoever the image calls so (CVE-2024-40635).
    private static (string? Name, uint? Number) ParsePart(string part, string text)
    {
        ReadOnlySpan<char> digits = part[0] is '+' or '-' ? part.AsSpan(1) : part;
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9'))
        {
            return (part, null);
        }

        return uint.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number != uint.MaxValue
            ? (null, number)
            : throw Refuse(text, $"has the number '{Excerpt.Of(part)}'; expected 0 to 4294967294");
    }

    private static BundleException Refuse(string text, string why) => new(
        BundleErrorKind.InvalidUser, $"'{Excerpt.Of(text)}' {why}.");
}
