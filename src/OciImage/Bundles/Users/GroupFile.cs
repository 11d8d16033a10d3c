namespace OciImage.Bundles;

/// <summary>Finds groups in the content of <c>/etc/group</c>; of several lines for one the first counts.</summary>
internal static class GroupFile
{
    // What the kernel takes (NGROUPS_MAX).
    private const int MaxGroups = 65536;

    public static uint? Find(ReadOnlySpan<byte> content, ReadOnlySpan<byte> name)
    {
        var lines = new AccountLines(content);
        while (lines.MoveNext())
        {
            if (TryParse(lines.Current, out ReadOnlySpan<byte> found, out uint gid, out _) && found.SequenceEqual(name))
            {
                return gid;
            }
        }

        return null;
    }

    /// <summary>Returns the groups that have a user as a member, in their order, without the user's own.</summary>
    public static IReadOnlyList<uint> FindMemberships(ReadOnlySpan<byte> content, ReadOnlySpan<byte> user, uint own)
    {
        var gids = new List<uint>();
        var known = new HashSet<uint> { own };
        var lines = new AccountLines(content);
        while (lines.MoveNext())
        {
            if (TryParse(lines.Current, out _, out uint gid, out ReadOnlySpan<byte> members) &&
                HasMember(members, user) && known.Add(gid))
            {
                gids.Add(gid);
            }
        }

        return gids.Count <= MaxGroups ? gids : throw new BundleException(
            BundleErrorKind.UnreadableUsers, $"A user of the image is in {gids.Count} groups; a process has at most {MaxGroups}.");
    }

    // name:password:gid:members
    private static bool TryParse(
        ReadOnlySpan<byte> line, out ReadOnlySpan<byte> name, out uint gid, out ReadOnlySpan<byte> members)
    {
        gid = 0;
        members = default;
        if (!AccountLines.TakeField(ref line, out name) || !AccountLines.TakeField(ref line, out _))
        {
            return false;
        }

        AccountLines.TakeField(ref line, out ReadOnlySpan<byte> number);
        members = line;
        return AccountLines.TryNumber(number, out gid);
    }

    private static bool HasMember(ReadOnlySpan<byte> members, ReadOnlySpan<byte> user)
    {
        foreach (Range range in members.Split((byte)','))
        {
            if (members[range].Trim(" \t"u8).SequenceEqual(user))
            {
                return true;
            }
        }

        return false;
    }
}
