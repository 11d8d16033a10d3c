using System.Text;
using OciImage.Layers;
using OciImage.Linux;

namespace OciImage.Bundles;

/// <summary>A user of an image, resolved in the image's own <c>/etc/passwd</c> and <c>/etc/group</c>.</summary>
/// <param name="Uid">The user.</param>
/// <param name="Gid">The group.</param>
/// <param name="AdditionalGids">The supplementary groups.</param>
/// <param name="Home">The home directory, an absolute path.</param>
/// <remarks>
/// A text is <c>USER</c> or <c>USER:GROUP</c>, each a name or a number. Decimal digits, with or without a sign, are a number and never looked up as a name; one
/// that is not 0 to 2^32-2 is refused. Without a text the user is 0. The group of a user without one is that in <c>/etc/passwd</c>, else 0. Supplementary groups
/// are those of <c>/etc/group</c> for a user who is named, and has no group in the text.
/// </remarks>
public sealed record ImageUser(uint Uid, uint Gid, IReadOnlyList<uint> AdditionalGids, string Home)
{
    internal const int MaxFileSize = 1024 * 1024;

    internal static readonly ImageUser Root = new(0, 0, [], "/");

    /// <summary>Resolves a user in the content of two files.</summary>
    /// <param name="user">The text, as in an image's configuration, or <see langword="null"/>.</param>
    /// <param name="passwd">The content of <c>/etc/passwd</c>; empty where there is none.</param>
    /// <param name="group">The content of <c>/etc/group</c>; empty where there is none.</param>
    /// <returns>The user.</returns>
    /// <exception cref="BundleException">The text is no user, or a name is in neither file.</exception>
    public static ImageUser Resolve(string? user, ReadOnlySpan<byte> passwd, ReadOnlySpan<byte> group)
    {
        UserText text = UserText.Parse(user);
        Account? account = text.Uid is { } number
            ? PasswdFile.Find(passwd, number)
            : PasswdFile.Find(passwd, Encoding.UTF8.GetBytes(text.Name!)) ?? throw Unknown("user", text.Name!, "/etc/passwd");
        uint uid = text.Uid ?? account!.Uid;
        uint gid = text.Gid ?? (text.GroupName is { } name
            ? GroupFile.Find(group, Encoding.UTF8.GetBytes(name)) ?? throw Unknown("group", name, "/etc/group")
            : account?.Gid ?? 0);
        IReadOnlyList<uint> additional = text is { Name: { } member, HasGroup: false }
            ? GroupFile.FindMemberships(group, Encoding.UTF8.GetBytes(member), gid)
            : [];

        return new ImageUser(uid, gid, additional, account?.Home ?? "/");
    }

    /// <summary>Resolves a user in the files of a root filesystem, links resolved inside it.</summary>
    /// <remarks>Files that are no regular files, or larger than 1 MiB, are refused where they have to be asked.</remarks>
    /// <param name="rootDirectory">The root filesystem.</param>
    /// <param name="user">The text, as in an image's configuration, or <see langword="null"/>.</param>
    /// <returns>The user.</returns>
    /// <exception cref="BundleException">The text is no user, a name is in neither file, or a file cannot be read.</exception>
    /// <exception cref="IOException">There is no such directory.</exception>
    /// <exception cref="PlatformNotSupportedException">The system is not Linux on x64 or arm64.</exception>
    public static ImageUser ResolveIn(string rootDirectory, string? user)
    {
        ArgumentException.ThrowIfNullOrEmpty(rootDirectory);
        if (!LayerUnpacker.IsSupported)
        {
            throw new PlatformNotSupportedException("Files are read inside a root on Linux (x64, arm64) only.");
        }

        using DirectoryHandle root = DirectoryHandle.OpenPath(rootDirectory);
        return ResolveIn(root, user, PathWalker.HasOpenAt2);
    }

    internal static ImageUser ResolveIn(DirectoryHandle root, string? user, bool useOpenAt2)
    {
        UserText text = UserText.Parse(user);
        var files = new RootFileReader(root, useOpenAt2);
        bool wantsGroups = text.GroupName is not null || text is { Name: not null, HasGroup: false };
        byte[] group = wantsGroups ? files.Read("/etc/group"u8, MaxFileSize) ?? [] : [];
        byte[] passwd;
        try
        {
            passwd = files.Read("/etc/passwd"u8, MaxFileSize) ?? [];
        }
        catch (BundleException) when (text is { Uid: not null, HasGroup: true })
        {
            // Only the home directory would come from there.
            passwd = [];
        }

        return Resolve(user, passwd, group);
    }

    private static BundleException Unknown(string what, string name, string file) => new(
        BundleErrorKind.UnknownUser, $"The {what} '{Excerpt.Of(name)}' is not in the image's {file}.");
}
