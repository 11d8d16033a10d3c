using System.Text;
using System.Text.Unicode;

namespace OciImage.Bundles;

/// <summary>Finds users in the content of <c>/etc/passwd</c>; of several lines for one the first counts.</summary>
internal static class PasswdFile
{
    public static Account? Find(ReadOnlySpan<byte> content, ReadOnlySpan<byte> name)
    {
        var lines = new AccountLines(content);
        while (lines.MoveNext())
        {
            if (TryParse(lines.Current, out ReadOnlySpan<byte> found, out Account? account) && found.SequenceEqual(name))
            {
                return account;
            }
        }

        return null;
    }

    public static Account? Find(ReadOnlySpan<byte> content, uint uid)
    {
        var lines = new AccountLines(content);
        while (lines.MoveNext())
        {
            if (TryParse(lines.Current, out _, out Account? account) && account!.Uid == uid)
            {
                return account;
            }
        }

        return null;
    }

    // name:password:uid:gid:comment:home:shell; what follows the group may be missing.
    private static bool TryParse(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> name, out Account? account)
    {
        account = null;
        if (!AccountLines.TakeField(ref line, out name) ||
            !AccountLines.TakeField(ref line, out _) ||
            !AccountLines.TakeField(ref line, out ReadOnlySpan<byte> uid))
        {
            return false;
        }

        AccountLines.TakeField(ref line, out ReadOnlySpan<byte> gid);
        AccountLines.TakeField(ref line, out _);
        AccountLines.TakeField(ref line, out ReadOnlySpan<byte> home);
        if (!AccountLines.TryNumber(uid, out uint user) || !AccountLines.TryNumber(gid, out uint group))
        {
            return false;
        }

        account = new Account(user, group, ReadHome(home));
        return true;
    }

    // A configuration is JSON, and has no bytes that are not UTF-8; a variable has no NUL.
    private static string? ReadHome(ReadOnlySpan<byte> home) =>
        home is [(byte)'/', ..] && Utf8.IsValid(home) && !home.Contains((byte)0) ? Encoding.UTF8.GetString(home) : null;
}
