using System.Text;
using OciImage.Linux;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Writes owners, attributes, modes and times, in the one order that keeps all of them.</summary>
/// <remarks>
/// A change of owner clears setuid and file capabilities, so it is first; a mode may take the right to write attributes away, so
/// it follows them; times are last, since all else changes them.
/// </remarks>
internal sealed unsafe class NodeMetadataWriter(OwnerPolicy owners, bool isRoot, LayerRemarks remarks)
{
    private const uint SetIdBits = 0xC00;

    private readonly bool _keepOwners = owners == OwnerPolicy.Keep || (owners == OwnerPolicy.Automatic && isRoot);

    /// <summary>Writes the metadata of a regular file through its descriptor.</summary>
    public void ApplyToFile(int descriptor, byte[] name, NodeMetadata metadata)
    {
        byte empty = 0;
        bool owned = !_keepOwners || CheckOwner(
            Libc.ChangeOwnerAt(descriptor, &empty, metadata.Uid, metadata.Gid, Libc.AtEmptyPath), name, metadata);
        foreach (TarXattr xattr in metadata.Xattrs)
        {
            if (MaySet(name, xattr))
            {
                fixed (byte* key = Terminated(xattr.Name), value = xattr.Value.Span)
                {
                    CheckXattr(Libc.SetXattr(descriptor, key, value, xattr.Value.Length, 0), name, xattr);
                }
            }
        }

        Check(Libc.ChangeMode(descriptor, SafeMode(name, metadata, owned)), "Changing the mode of", name);
        TimeSpecification* times = stackalloc TimeSpecification[2];
        times[0] = times[1] = new TimeSpecification
        {
            Seconds = metadata.ModifiedTime.Seconds,
            Nanoseconds = metadata.ModifiedTime.Nanoseconds,
        };
        Check(Libc.SetTimes(descriptor, times), "Setting the times of", name);
    }

    /// <summary>Writes the metadata of anything else, which was made through the same handle.</summary>
    public void Apply(DirectoryHandle directory, byte[] name, NodeMetadata metadata, bool isLink)
    {
        bool owned = !_keepOwners || TryChangeOwner(directory, name, metadata);
        if (metadata.Xattrs.Count > 0)
        {
            fixed (byte* path = directory.ProcPath(name))
            {
                foreach (TarXattr xattr in metadata.Xattrs)
                {
                    if (MaySet(name, xattr))
                    {
                        fixed (byte* key = Terminated(xattr.Name), value = xattr.Value.Span)
                        {
                            CheckXattr(Libc.SetLinkXattr(path, key, value, xattr.Value.Length, 0), name, xattr);
                        }
                    }
                }
            }
        }

        // A root that will not let us in has its times set while it still does.
        if (isLink)
        {
            directory.SetTimes(name, metadata.ModifiedTime.Seconds, metadata.ModifiedTime.Nanoseconds);
            return;
        }

        if (name is [(byte)'.'])
        {
            directory.SetTimes(name, metadata.ModifiedTime.Seconds, metadata.ModifiedTime.Nanoseconds);
            directory.ChangeMode(name, SafeMode(name, metadata, owned));
            return;
        }

        directory.ChangeMode(name, SafeMode(name, metadata, owned));
        directory.SetTimes(name, metadata.ModifiedTime.Seconds, metadata.ModifiedTime.Nanoseconds);
    }

    // What the system or another machine's policy sets, and what would mean something to an overlay below this tree.
    internal static bool IsFiltered(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("security.selinux"u8) || name.SequenceEqual("security.ima"u8) ||
        name.SequenceEqual("security.evm"u8) || name.SequenceEqual("system.nfs4_acl"u8) ||
        name.StartsWith("trusted.overlay."u8) || name.StartsWith("user.overlay."u8);

    private static byte[] Terminated(ReadOnlyMemory<byte> name) => [.. name.Span, 0];

    private static void Check(int result, string operation, byte[] name)
    {
        if (result != 0)
        {
            throw LinuxError.Of(Libc.LastError, operation, name);
        }
    }

    private bool TryChangeOwner(DirectoryHandle directory, byte[] name, NodeMetadata metadata)
    {
        try
        {
            directory.ChangeOwner(name, metadata.Uid, metadata.Gid);
            return true;
        }
        catch (IOException exception) when (IsRefusedOwner(exception.HResult))
        {
            return NoteOwner(name, metadata);
        }
    }

    private bool CheckOwner(int result, byte[] name, NodeMetadata metadata)
    {
        if (result == 0)
        {
            return true;
        }

        int error = Libc.LastError;
        return IsRefusedOwner(error)
            ? NoteOwner(name, metadata)
            : throw LinuxError.Of(error, "Changing the owner of", name);
    }

    // A user namespace does not have every owner that an image has.
    private bool IsRefusedOwner(int error) =>
        owners == OwnerPolicy.Automatic && error is LinuxError.NotPermitted or LinuxError.Invalid;

    private bool NoteOwner(byte[] name, NodeMetadata metadata)
    {
        remarks.Add(LayerRemarkKind.Owner, Show(name), $"'{Show(name)}' does not have the owner {metadata.Uid}:{metadata.Gid}: there is none here.");
        return false;
    }

    // What says "run as user 1000" must not come to say "run as root" because the owner was not set.
    private uint SafeMode(byte[] name, NodeMetadata metadata, bool owned)
    {
        bool isOthers = isRoot && (!_keepOwners || !owned) && (metadata.Uid != 0 || metadata.Gid != 0);
        if (!isOthers || (metadata.Mode & SetIdBits) == 0)
        {
            return metadata.Mode;
        }

        remarks.Add(
            LayerRemarkKind.Mode,
            Show(name),
            $"'{Show(name)}' lost its set-user-id and set-group-id bits, which would now mean root.");
        return metadata.Mode & ~SetIdBits;
    }

    private bool MaySet(byte[] name, TarXattr xattr)
    {
        if (IsFiltered(xattr.Name.Span))
        {
            Note(name, xattr, "is left out on purpose");
            return false;
        }

        return true;
    }

    private void CheckXattr(int result, byte[] name, TarXattr xattr)
    {
        if (result != 0)
        {
            Note(name, xattr, $"could not be set: {LinuxError.Describe(Libc.LastError)}");
        }
    }

    private void Note(byte[] name, TarXattr xattr, string what) =>
        remarks.Add(LayerRemarkKind.Xattr, Show(name), $"The attribute '{Show(xattr.Name.ToArray())}' of '{Show(name)}' {what}.");

    private static string Show(byte[] name) => Excerpt.Of(Encoding.UTF8.GetString(name));
}
