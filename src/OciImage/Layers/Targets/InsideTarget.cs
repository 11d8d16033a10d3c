using OciImage.Linux;

namespace OciImage.Layers;

/// <summary>A tree that is made inside its target and moved up entry by entry, where a rename of the whole is not possible.</summary>
internal sealed class InsideTarget(string path, TargetState state) : UnpackTarget(DirectoryHandle.OpenPath(path), ".")
{
    private FileStatus? _status;

    public override void Publish()
    {
        if (state != TargetState.Replaceable && DirectoryListing.Read(Place).Count > 1)
        {
            throw LinuxError.Of(LinuxError.NotEmpty, "Publishing into", System.Text.Encoding.UTF8.GetBytes(path));
        }

        using DirectoryHandle root = OpenRoot();
        FileStatus status = root.GetStatus();
        if (Libc.GetEffectiveUserId() != 0)
        {
            // Nothing could be moved out of a root that its owner may not write to.
            Staging.ChangeMode(RootName, OwnerAll);
        }

        Staging.CreateDirectory(OldName);
        using DirectoryHandle old = Open(Staging, OldName);
        var movedAway = new List<byte[]>();
        var movedUp = new List<byte[]>();
        try
        {
            MoveAll(Place, old, movedAway);
            MoveAll(root, Place, movedUp);
        }
        catch
        {
            MoveBack(Place, root, movedUp);
            MoveBack(old, Place, movedAway);
            throw;
        }

        _status = status;
    }

    /// <summary>Removes the hidden folder, and then gives the target the metadata of the root, which the removal would change.</summary>
    public override void Dispose()
    {
        RemoveStaging();
        if (_status is { } status)
        {
            CopyMetadata(status);
        }

        base.Dispose();
    }

    private void MoveAll(DirectoryHandle from, DirectoryHandle to, List<byte[]> moved)
    {
        foreach ((byte[] name, _) in DirectoryListing.Read(from))
        {
            if (name.AsSpan().SequenceEqual(StagingName))
            {
                continue;
            }

            int error = Move(from, name, to, name, Libc.RenameNoReplace);
            if (error != 0)
            {
                throw LinuxError.Of(error, "Moving", name);
            }

            moved.Add(name);
        }
    }

    private static void MoveBack(DirectoryHandle from, DirectoryHandle to, List<byte[]> moved)
    {
        foreach (byte[] name in moved)
        {
            _ = Move(from, name, to, name, Libc.RenameNoReplace);
        }
    }

    // The root itself cannot move, so it gets what the image says of it.
    private void CopyMetadata(FileStatus status)
    {
        try
        {
            if (Libc.GetEffectiveUserId() == 0)
            {
                Place.ChangeOwner("."u8, status.Uid, status.Gid);
            }

            Place.ChangeMode("."u8, (uint)status.Permissions);
            Place.SetTimes("."u8, status.ModifiedSeconds, (int)status.ModifiedNanoseconds);
        }
        catch (IOException exception) when (exception.HResult is LinuxError.NotPermitted or LinuxError.AccessDenied)
        {
            // A mount point that belongs to somebody else keeps its owner and mode.
        }
    }
}
