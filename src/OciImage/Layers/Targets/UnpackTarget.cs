using System.Text;
using OciImage.Linux;

namespace OciImage.Layers;

/// <summary>The place of a tree: made under a hidden name, published at the end, gone on failure.</summary>
internal abstract class UnpackTarget : IDisposable
{
    protected static readonly byte[] RootName = "rootfs"u8.ToArray();
    protected static readonly byte[] OldName = "old"u8.ToArray();

    /// <summary>Reading, writing and searching for the owner.</summary>
    protected const uint OwnerAll = 0x1C0;

    private readonly DirectoryHandle _place;
    private readonly byte[] _stagingName;

    protected UnpackTarget(DirectoryHandle place, string prefix)
    {
        _place = place;
        _stagingName = Encoding.UTF8.GetBytes($"{prefix}unpack-{Guid.NewGuid():N}");
        try
        {
            // Mode 0700: a setuid file must not be reachable for others before it is known to be the image's.
            _place.CreateDirectory(_stagingName);
            Staging = Open(_place, _stagingName);
            Staging.CreateDirectory(RootName);
            RemoveInheritedAccess();
        }
        catch
        {
            _place.Dispose();
            throw;
        }
    }

    protected DirectoryHandle Staging { get; }

    protected DirectoryHandle Place => _place;

    protected byte[] StagingName => _stagingName;

    /// <summary>Prepares the place for a target; refuses one that is not empty, unless it is to be replaced.</summary>
    public static UnpackTarget Prepare(string targetDirectory, bool force)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(targetDirectory));
        var target = new DirectoryInfo(path);
        if (target.LinkTarget is not null)
        {
            // The link stays, and what it points to is filled or replaced.
            path = target.ResolveLinkTarget(returnFinalTarget: true) is DirectoryInfo { Exists: true } final
                ? final.FullName
                : throw new IOException($"'{targetDirectory}' is a link to nothing, or to no directory.");
        }

        if (File.Exists(path))
        {
            throw new IOException($"'{targetDirectory}' is a file.");
        }

        string? parent = Path.GetDirectoryName(path);
        if (parent is null)
        {
            throw new ArgumentException("The root of the system is no place to unpack to.", nameof(targetDirectory));
        }

        bool exists = Directory.Exists(path);
        if (exists && !force && Directory.EnumerateFileSystemEntries(path).Any())
        {
            throw new IOException($"'{targetDirectory}' is not empty.");
        }

        TargetState state = force ? TargetState.Replaceable : exists ? TargetState.Empty : TargetState.Absent;
        if (exists && IsMountPoint(path, parent))
        {
            return new InsideTarget(path, state);
        }

        Directory.CreateDirectory(parent);
        try
        {
            return new BesideTarget(parent, Path.GetFileName(path), state);
        }
        catch (IOException exception) when (
            exists && exception.HResult is LinuxError.AccessDenied or LinuxError.NotPermitted or LinuxError.ReadOnlyFileSystem)
        {
            return new InsideTarget(path, state);
        }
    }

    public DirectoryHandle OpenRoot() => Open(Staging, RootName);

    /// <summary>Gives the tree its name.</summary>
    public abstract void Publish();

    public virtual void Dispose()
    {
        RemoveStaging();
        _place.Dispose();
    }

    protected void RemoveStaging()
    {
        Staging.Dispose();
        try
        {
            TreeRemover.Remove(_place, _stagingName);
        }
        catch (IOException)
        {
            // Disposing follows a failure that says more; the hidden directory is what is left.
        }
    }

    protected static DirectoryHandle Open(DirectoryHandle parent, byte[] name)
    {
        int error = parent.TryOpenDirectory(name, out DirectoryHandle? directory);
        return error == 0 ? directory! : throw LinuxError.Of(error, "Opening", name);
    }

    /// <summary>Renames; returns the error, or 0.</summary>
    /// <remarks>
    /// A directory that changes its parent must be writable for its owner, which many images' roots are not: it is made so
    /// for the time of the move.
    /// </remarks>
    protected static int Move(
        DirectoryHandle from, ReadOnlySpan<byte> name, DirectoryHandle to, ReadOnlySpan<byte> newName, uint flags)
    {
        int error = Rename(from, name, to, newName, flags);
        if (error != LinuxError.AccessDenied || Libc.GetEffectiveUserId() == 0)
        {
            return error;
        }

        Loosened moved = Loosen(from, name);
        Loosened exchanged = flags == Libc.RenameExchange ? Loosen(to, newName) : default;
        try
        {
            return Rename(from, name, to, newName, flags);
        }
        finally
        {
            Tighten(moved);
            Tighten(exchanged);
        }
    }

    // A default ACL of the place would add its users to every file that is made below it.
    private unsafe void RemoveInheritedAccess()
    {
        fixed (byte* path = Staging.ProcPath(RootName), access = "system.posix_acl_access\0"u8, preset = "system.posix_acl_default\0"u8)
        {
            _ = Libc.RemoveLinkXattr(path, access);
            _ = Libc.RemoveLinkXattr(path, preset);
        }
    }

    private static Loosened Loosen(DirectoryHandle directory, ReadOnlySpan<byte> name)
    {
        if (!directory.TryGetStatus(name, out FileStatus status) || status.Type != FileStatus.Directory)
        {
            return default;
        }

        directory.ChangeMode(name, (uint)status.Permissions | OwnerAll);
        return new(Open(directory, name.ToArray()), (uint)status.Permissions);
    }

    private static void Tighten(Loosened loosened)
    {
        loosened.Directory?.ChangeMode("."u8, loosened.Mode);
        loosened.Directory?.Dispose();
    }

    private static unsafe int Rename(
        DirectoryHandle from, ReadOnlySpan<byte> name, DirectoryHandle to, ReadOnlySpan<byte> newName, uint flags)
    {
        fixed (byte* old = (byte[])[.. name, 0], target = (byte[])[.. newName, 0])
        {
            return Libc.RenameAt2(from.Descriptor, old, to.Descriptor, target, flags) == 0 ? 0 : Libc.LastError;
        }
    }

    private static bool IsMountPoint(string path, string parent)
    {
        using DirectoryHandle self = DirectoryHandle.OpenPath(path);
        using DirectoryHandle above = DirectoryHandle.OpenPath(parent);
        (FileStatus inner, FileStatus outer) = (self.GetStatus(), above.GetStatus());
        if ((inner.FileSystemMajor, inner.FileSystemMinor) != (outer.FileSystemMajor, outer.FileSystemMinor))
        {
            return true;
        }

        // A bind mount of the same file system only shows in the list of mounts, with blanks as octal 040.
        string escaped = path.Replace(" ", "\\040", StringComparison.Ordinal);
        return File.Exists("/proc/self/mountinfo") &&
            File.ReadLines("/proc/self/mountinfo").Any(line => line.Split(' ').ElementAtOrDefault(4) == escaped);
    }

    private readonly record struct Loosened(DirectoryHandle? Directory, uint Mode);
}
