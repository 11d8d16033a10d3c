using System.Text;
using OciImage.Linux;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Writes owners, attributes, modes and times, in the one order that keeps all of them.</summary>
/// <remarks>
/// A change of owner clears setuid and file capabilities, so it is first; a mode may take the right to write attributes away, so
/// it follows them; times are last, since all else changes them.
/// </remarks>
internal sealed unsafe class NodeMetadataWriter(OwnerRules owners, XattrRules xattrs, LayerRemarks remarks)
{
    /// <summary>Writes the metadata of a regular file through its descriptor.</summary>
    public void ApplyToFile(int descriptor, byte[] name, NodeMetadata metadata)
    {
        bool owned = owners.AreSet && TryChangeOwner(descriptor, name, metadata);
        foreach (TarXattr xattr in metadata.Xattrs)
        {
            if (MaySet(metadata, xattr))
            {
                ReadOnlyMemory<byte> safe = ValueOf(xattr);
                fixed (byte* key = Terminated(xattrs.NameOf(xattr.Name)), value = safe.Span)
                {
                    CheckXattr(Libc.SetXattr(descriptor, key, value, safe.Length, 0), metadata, xattr);
                }
            }
        }

        Check(Libc.ChangeMode(descriptor, SafeMode(metadata, owned)), "Changing the mode of", name);
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
        bool owned = owners.AreSet && TryChangeOwner(directory, name, metadata);
        if (metadata.Xattrs.Count > 0)
        {
            fixed (byte* path = directory.ProcPath(name))
            {
                foreach (TarXattr xattr in metadata.Xattrs)
                {
                    if (MaySet(metadata, xattr))
                    {
                        ReadOnlyMemory<byte> safe = ValueOf(xattr);
                        fixed (byte* key = Terminated(xattrs.NameOf(xattr.Name)), value = safe.Span)
                        {
                            CheckXattr(Libc.SetLinkXattr(path, key, value, safe.Length, 0), metadata, xattr);
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
            directory.ChangeMode(name, SafeMode(metadata, owned));
            return;
        }

        directory.ChangeMode(name, SafeMode(metadata, owned));
        directory.SetTimes(name, metadata.ModifiedTime.Seconds, metadata.ModifiedTime.Nanoseconds);
    }

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
        (uint uid, uint gid) = owners.Of(metadata);
        try
        {
            directory.ChangeOwner(name, uid, gid);
            return true;
        }
        catch (IOException exception) when (IsRefusedOwner(exception.HResult))
        {
            return NoteOwner(metadata);
        }
    }

    private bool TryChangeOwner(int descriptor, byte[] name, NodeMetadata metadata)
    {
        (uint uid, uint gid) = owners.Of(metadata);
        byte empty = 0;
        if (Libc.ChangeOwnerAt(descriptor, &empty, uid, gid, Libc.AtEmptyPath) == 0)
        {
            return true;
        }

        int error = Libc.LastError;
        return IsRefusedOwner(error) ? NoteOwner(metadata) : throw LinuxError.Of(error, "Changing the owner of", name);
    }

    // A user namespace does not have every owner that an image has.
    private bool IsRefusedOwner(int error) =>
        owners.MayBeRefused && error is LinuxError.NotPermitted or LinuxError.Invalid;

    private bool NoteOwner(NodeMetadata metadata)
    {
        remarks.Add(
            LayerRemarkKind.Owner,
            metadata.DisplayPath,
            $"'{Show(metadata)}' does not have the owner {metadata.Uid}:{metadata.Gid}: there is none here.");
        return false;
    }

    private uint SafeMode(NodeMetadata metadata, bool isOwned)
    {
        uint mode = owners.SafeMode(metadata, isOwned);
        if (mode != metadata.Mode)
        {
            remarks.Add(
                LayerRemarkKind.Mode,
                metadata.DisplayPath,
                $"'{Show(metadata)}' lost its set-user-id and set-group-id bits, which would now mean root.");
        }

        return mode;
    }

    private ReadOnlyMemory<byte> ValueOf(TarXattr xattr) =>
        xattr.Name.Span.SequenceEqual("security.capability"u8) ? owners.SafeCapability(xattr.Value) : xattr.Value;

    private bool MaySet(NodeMetadata metadata, TarXattr xattr)
    {
        if (xattrs.Allows(xattr.Name.Span))
        {
            return true;
        }

        Note(metadata, xattr, "is left out on purpose");
        return false;
    }

    private void CheckXattr(int result, NodeMetadata metadata, TarXattr xattr)
    {
        if (result != 0)
        {
            Note(metadata, xattr, $"could not be set: {LinuxError.Describe(Libc.LastError)}");
        }
    }

    private void Note(NodeMetadata metadata, TarXattr xattr, string what) => remarks.Add(
        LayerRemarkKind.Xattr,
        metadata.DisplayPath,
        $"The attribute '{Excerpt.Of(Encoding.UTF8.GetString(xattr.Name.Span))}' of '{Show(metadata)}' {what}.");

    private static string Show(NodeMetadata metadata) => Excerpt.Of(metadata.DisplayPath);
}
