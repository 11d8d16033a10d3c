using System.Runtime.InteropServices;

namespace OciImage.Linux;

/// <summary>An open directory, and what is done to one name in it. A name is a single component, as bytes.</summary>
/// <remarks>
/// Nothing here follows a link: every call works on the name itself, relative to the open directory, so that no other process and
/// no entry of an archive can lead it elsewhere.
/// </remarks>
internal sealed unsafe class DirectoryHandle : SafeHandle
{
    private const int MaxName = 255;

    private DirectoryHandle(int descriptor, ulong inode)
        : base(-1, ownsHandle: true)
    {
        SetHandle(descriptor);
        Inode = inode;
    }

    public ulong Inode { get; }

    public int Descriptor => (int)handle;

    public override bool IsInvalid => handle < 0;

    /// <summary>Opens a directory by a path of the caller's own, following links.</summary>
    public static DirectoryHandle OpenPath(string path)
    {
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(path + '\0'))
        {
            int descriptor = Libc.OpenAt(
                Libc.AtCurrentDirectory, name, Libc.PathOnly | Libc.DirectoryOnly | Libc.CloseOnExec, 0);
            return descriptor >= 0
                ? FromDescriptor(descriptor)
                : throw LinuxError.Of(Libc.LastError, "Opening", System.Text.Encoding.UTF8.GetBytes(path));
        }
    }

    public static DirectoryHandle FromDescriptor(int descriptor)
    {
        FileStatus status;
        byte empty = 0;
        if (Libc.StatX(descriptor, &empty, Libc.AtEmptyPath, Libc.StatBasic, &status) != 0)
        {
            int error = Libc.LastError;
            _ = Libc.Close(descriptor);
            throw LinuxError.Of(error, "Reading the status of", "a directory"u8);
        }

        return new DirectoryHandle(descriptor, status.Inode);
    }

    /// <summary>Opens a directory in this one; returns the error where that fails.</summary>
    public int TryOpenDirectory(ReadOnlySpan<byte> name, out DirectoryHandle? directory)
    {
        directory = null;
        byte* path = stackalloc byte[MaxName + 1];
        int descriptor = Libc.OpenAt(
            Descriptor, Terminate(name, path), Libc.PathOnly | Libc.DirectoryOnly | Libc.NoFollow | Libc.CloseOnExec, 0);
        if (descriptor < 0)
        {
            return Libc.LastError;
        }

        directory = FromDescriptor(descriptor);
        return 0;
    }

    public DirectoryHandle Duplicate() => TryOpenDirectory("."u8, out DirectoryHandle? copy) is 0
        ? copy!
        : throw LinuxError.Of(Libc.LastError, "Opening", "."u8);

    /// <summary>Reads the status of a name; returns whether there is something of that name.</summary>
    public bool TryGetStatus(ReadOnlySpan<byte> name, out FileStatus status)
    {
        byte* path = stackalloc byte[MaxName + 1];
        fixed (FileStatus* target = &status)
        {
            if (Libc.StatX(Descriptor, Terminate(name, path), Libc.AtSymlinkNoFollow, Libc.StatBasic, target) == 0)
            {
                return true;
            }
        }

        int error = Libc.LastError;
        return error == LinuxError.NotFound ? false : throw LinuxError.Of(error, "Reading the status of", name);
    }

    public FileStatus GetStatus()
    {
        FileStatus status;
        byte empty = 0;
        return Libc.StatX(Descriptor, &empty, Libc.AtEmptyPath, Libc.StatBasic, &status) == 0
            ? status
            : throw LinuxError.Of(Libc.LastError, "Reading the status of", "a directory"u8);
    }

    /// <summary>Makes a regular file that is not there yet, and returns its descriptor for writing.</summary>
    public int CreateFile(ReadOnlySpan<byte> name)
    {
        byte* path = stackalloc byte[MaxName + 1];
        int descriptor = Libc.OpenAt(
            Descriptor,
            Terminate(name, path),
            Libc.Create | Libc.Exclusive | Libc.WriteOnly | Libc.NoFollow | Libc.CloseOnExec,
            0x180);
        return descriptor >= 0 ? descriptor : throw LinuxError.Of(Libc.LastError, "Creating", name);
    }

    /// <summary>Opens a regular file for reading; returns a negative number where that is not possible.</summary>
    public int TryOpenFile(ReadOnlySpan<byte> name)
    {
        byte* path = stackalloc byte[MaxName + 1];
        return Libc.OpenAt(Descriptor, Terminate(name, path), Libc.NonBlock | Libc.NoFollow | Libc.CloseOnExec, 0);
    }

    public void CreateDirectory(ReadOnlySpan<byte> name)
    {
        byte* path = stackalloc byte[MaxName + 1];
        Check(Libc.MakeDirectoryAt(Descriptor, Terminate(name, path), 0x1C0), "Creating", name);
    }

    /// <summary>Makes a directory, and opens it.</summary>
    public DirectoryHandle MakeDirectory(ReadOnlySpan<byte> name)
    {
        CreateDirectory(name);
        int error = TryOpenDirectory(name, out DirectoryHandle? directory);
        return error == 0 ? directory! : throw LinuxError.Of(error, "Opening", name);
    }

    public void CreateSymbolicLink(ReadOnlySpan<byte> name, ReadOnlySpan<byte> target)
    {
        byte* path = stackalloc byte[MaxName + 1];
        fixed (byte* content = (byte[])[.. target, 0])
        {
            Check(Libc.SymlinkAt(content, Descriptor, Terminate(name, path)), "Linking", name);
        }
    }

    /// <summary>Gives a file another name; a symbolic link is not followed. Returns the error, or 0.</summary>
    public int TryCreateHardLink(ReadOnlySpan<byte> name, DirectoryHandle targetDirectory, ReadOnlySpan<byte> target)
    {
        byte* from = stackalloc byte[MaxName + 1];
        byte* to = stackalloc byte[MaxName + 1];
        return Libc.LinkAt(targetDirectory.Descriptor, Terminate(target, from), Descriptor, Terminate(name, to), 0) == 0
            ? 0
            : Libc.LastError;
    }

    public void CreateNode(ReadOnlySpan<byte> name, uint type, uint major, uint minor)
    {
        // The encoding of makedev: 12 + 20 bits of the major number around 8 + 24 bits of the minor.
        ulong device = ((ulong)(major & 0xFFFFF000) << 32) | ((ulong)(major & 0xFFF) << 8) |
            ((ulong)(minor & 0xFFFFFF00) << 12) | (minor & 0xFF);
        byte* path = stackalloc byte[MaxName + 1];
        Check(Libc.MakeNodeAt(Descriptor, Terminate(name, path), type | 0x180, device), "Creating", name);
    }

    /// <summary>Removes a name that is no directory, or an empty directory. Returns the error, or 0.</summary>
    public int TryRemove(ReadOnlySpan<byte> name, bool directory)
    {
        byte* path = stackalloc byte[MaxName + 1];
        return Libc.UnlinkAt(Descriptor, Terminate(name, path), directory ? Libc.AtRemoveDirectory : 0) == 0
            ? 0
            : Libc.LastError;
    }

    public byte[] ReadLink(ReadOnlySpan<byte> name)
    {
        byte* path = stackalloc byte[MaxName + 1];
        byte[] target = new byte[4097];
        fixed (byte* buffer = target)
        {
            nint length = Libc.ReadLinkAt(Descriptor, Terminate(name, path), buffer, target.Length);
            return length >= 0 ? target[..(int)length] : throw LinuxError.Of(Libc.LastError, "Reading the link", name);
        }
    }

    public void ChangeOwner(ReadOnlySpan<byte> name, uint uid, uint gid)
    {
        byte* path = stackalloc byte[MaxName + 1];
        Check(
            Libc.ChangeOwnerAt(Descriptor, Terminate(name, path), uid, gid, Libc.AtSymlinkNoFollow), "Changing the owner of", name);
    }

    /// <summary>Changes the permissions of a name that is known to be no link: what it is was made through this handle.</summary>
    public void ChangeMode(ReadOnlySpan<byte> name, uint mode)
    {
        byte* path = stackalloc byte[MaxName + 1];
        int result = Libc.ChangeModeAt(Descriptor, Terminate(name, path), mode, Libc.AtSymlinkNoFollow);
        if (result != 0 && Libc.LastError is LinuxError.NotSupported or LinuxError.NoSystemCall or LinuxError.Invalid)
        {
            result = ChangeModeThroughProc(path, mode);
        }

        Check(result, "Changing the mode of", name);
    }

    public void SetTimes(ReadOnlySpan<byte> name, long seconds, int nanoseconds)
    {
        byte* path = stackalloc byte[MaxName + 1];
        TimeSpecification* times = stackalloc TimeSpecification[2];
        times[0] = times[1] = new TimeSpecification { Seconds = seconds, Nanoseconds = nanoseconds };
        Check(Libc.SetTimesAt(Descriptor, Terminate(name, path), times, Libc.AtSymlinkNoFollow), "Setting the times of", name);
    }

    /// <summary>Returns a path, with a NUL, under which this process reaches a name in this directory whatever links there are.</summary>
    public byte[] ProcPath(ReadOnlySpan<byte> name) =>
        [.. System.Text.Encoding.ASCII.GetBytes($"/proc/self/fd/{Descriptor}/"), .. name, 0];

    protected override bool ReleaseHandle() => Libc.Close(Descriptor) == 0;

    private static byte* Terminate(ReadOnlySpan<byte> name, byte* buffer)
    {
        if (name.IsEmpty || name.Length > MaxName || name.ContainsAny((byte)0, (byte)'/'))
        {
            throw new ArgumentException("A name is one component of 1 to 255 bytes, without slash and NUL.", nameof(name));
        }

        name.CopyTo(new Span<byte>(buffer, MaxName));
        buffer[name.Length] = 0;

        return buffer;
    }

    // Older systems change no mode without following; an O_PATH descriptor of the thing itself has a path that is safe.
    private int ChangeModeThroughProc(byte* name, uint mode)
    {
        int descriptor = Libc.OpenAt(Descriptor, name, Libc.PathOnly | Libc.NoFollow | Libc.CloseOnExec, 0);
        if (descriptor < 0)
        {
            return -1;
        }

        try
        {
            fixed (byte* path = System.Text.Encoding.ASCII.GetBytes($"/proc/self/fd/{descriptor}\0"))
            {
                return Libc.ChangeModeAt(Libc.AtCurrentDirectory, path, mode, 0);
            }
        }
        finally
        {
            _ = Libc.Close(descriptor);
        }
    }

    private static void Check(int result, string operation, ReadOnlySpan<byte> name)
    {
        if (result != 0)
        {
            throw LinuxError.Of(Libc.LastError, operation, name);
        }
    }
}
