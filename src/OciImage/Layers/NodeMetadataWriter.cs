using System.Text;
using OciImage.Linux;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Writes owners, attributes, modes and times, in the one order that keeps all of them.</summary>
/// <remarks>
/// A change of owner clears setuid and file capabilities, so it is first; a mode may take the right to write attributes away, so
/// it follows them; times are last, since all else changes them.
/// </remarks>
internal sealed unsafe class NodeMetadataWriter(bool keepOwners, UnpackNotes notes)
{
    public void Apply(DirectoryHandle directory, byte[] name, NodeMetadata metadata, bool isLink)
    {
        if (keepOwners)
        {
            directory.ChangeOwner(name, metadata.Uid, metadata.Gid);
        }

        if (metadata.Xattrs.Count > 0)
        {
            byte[] path = directory.ProcPath(name);
            foreach (TarXattr xattr in metadata.Xattrs)
            {
                SetXattr(path, name, xattr);
            }
        }

        if (!isLink)
        {
            directory.ChangeMode(name, metadata.Mode);
        }

        directory.SetTimes(name, metadata.ModifiedTime.Seconds, metadata.ModifiedTime.Nanoseconds);
    }

    /// <summary>Removes the attributes that a directory has from a lower layer.</summary>
    public static void ClearXattrs(DirectoryHandle directory, byte[] name)
    {
        byte[] list = new byte[64 * 1024];
        fixed (byte* path = directory.ProcPath(name), names = list)
        {
            nint length = Libc.ListLinkXattrs(path, names, list.Length);
            for (nint start = 0; start < length;)
            {
                int end = list.AsSpan((int)start, (int)(length - start)).IndexOf((byte)0);
                if (!IsFiltered(list.AsSpan((int)start, end)))
                {
                    _ = Libc.RemoveLinkXattr(path, names + start);
                }

                start += end + 1;
            }
        }
    }

    // What the system or another machine's policy sets, and what would mean something to an overlay below this tree.
    internal static bool IsFiltered(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("security.selinux"u8) || name.SequenceEqual("security.ima"u8) ||
        name.SequenceEqual("security.evm"u8) || name.SequenceEqual("system.nfs4_acl"u8) ||
        name.StartsWith("trusted.overlay."u8) || name.StartsWith("user.overlay."u8);

    private void SetXattr(byte[] path, byte[] name, TarXattr xattr)
    {
        if (IsFiltered(xattr.Name.Span))
        {
            Note(name, xattr, "is left out on purpose");
            return;
        }

        byte[] attribute = [.. xattr.Name.Span, 0];
        fixed (byte* file = path, key = attribute, value = xattr.Value.Span)
        {
            if (Libc.SetLinkXattr(file, key, value, xattr.Value.Length, 0) != 0)
            {
                Note(name, xattr, $"could not be set: {LinuxError.Describe(Libc.LastError)}");
            }
        }
    }

    private void Note(byte[] name, TarXattr xattr, string what) => notes.Add(
        $"The attribute '{Excerpt.Of(Encoding.UTF8.GetString(xattr.Name.Span))}' of " +
        $"'{Excerpt.Of(Encoding.UTF8.GetString(name))}' {what}.");
}
