using System.Runtime.InteropServices;

namespace OciImage.Linux;

/// <summary>The system calls that .NET has no safe counterpart for. Paths are bytes with a NUL at the end.</summary>
/// <remarks>Calls return a negative number on failure, and the error is <see cref="Marshal.GetLastPInvokeError"/>.</remarks>
internal static unsafe partial class Libc
{
    public const int AtCurrentDirectory = -100;
    public const int AtSymlinkNoFollow = 0x100;
    public const int AtRemoveDirectory = 0x200;
    public const int AtSymlinkFollow = 0x400;
    public const int AtEmptyPath = 0x1000;

    public const int ReadOnly = 0;
    public const int WriteOnly = 1;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int NonBlock = 0x800;
    public const int CloseOnExec = 0x80000;
    public const int PathOnly = 0x200000;

    public const ulong ResolveNoMagicLinks = 0x02;
    public const ulong ResolveInRoot = 0x10;

    public const int LockShared = 1;
    public const int LockExclusive = 2;
    public const int LockNoWait = 4;

    public const int AdviceDontNeed = 4;

    public const uint RenameNoReplace = 1;
    public const uint RenameExchange = 2;

    public const uint StatBasic = 0x7FF;

    private const int OpenAt2Number = 437;

    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    /// <summary>Gets whether the numbers here are this system's.</summary>
    public static bool IsSupported { get; } =
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    /// <summary>Gets O_DIRECTORY, whose value depends on the processor.</summary>
    public static int DirectoryOnly { get; } = IsArm ? 0x4000 : 0x10000;

    /// <summary>Gets O_NOFOLLOW, whose value depends on the processor.</summary>
    public static int NoFollow { get; } = IsArm ? 0x8000 : 0x20000;

    /// <summary>Gets the number of getdents64, whose value depends on the processor.</summary>
    public static int GetDents64Number { get; } = IsArm ? 61 : 217;

    public static int LastError => Marshal.GetLastPInvokeError();

    public static long OpenAt2(int directory, byte* path, OpenHow* how) =>
        Syscall(OpenAt2Number, directory, (nint)path, (nint)how, sizeof(OpenHow));

    public static long GetDents64(int directory, byte* buffer, int length) =>
        Syscall(GetDents64Number, directory, (nint)buffer, length, 0);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    public static partial int OpenAt(int directory, byte* path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, byte* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    public static partial long Seek(int descriptor, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int Truncate(int descriptor, long length);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true)]
    public static partial int MakeDirectoryAt(int directory, byte* path, uint mode);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true)]
    public static partial int UnlinkAt(int directory, byte* path, int flags);

    [LibraryImport("libc", EntryPoint = "symlinkat", SetLastError = true)]
    public static partial int SymlinkAt(byte* target, int directory, byte* path);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true)]
    public static partial int LinkAt(int oldDirectory, byte* oldPath, int newDirectory, byte* newPath, int flags);

    [LibraryImport("libc", EntryPoint = "mknodat", SetLastError = true)]
    public static partial int MakeNodeAt(int directory, byte* path, uint mode, ulong device);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true)]
    public static partial nint ReadLinkAt(int directory, byte* path, byte* buffer, nint length);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true)]
    public static partial int RenameAt2(int oldDirectory, byte* oldPath, int newDirectory, byte* newPath, uint flags);

    [LibraryImport("libc", EntryPoint = "fchownat", SetLastError = true)]
    public static partial int ChangeOwnerAt(int directory, byte* path, uint uid, uint gid, int flags);

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    public static partial int ChangeMode(int descriptor, uint mode);

    [LibraryImport("libc", EntryPoint = "fchmodat", SetLastError = true)]
    public static partial int ChangeModeAt(int directory, byte* path, uint mode, int flags);

    [LibraryImport("libc", EntryPoint = "utimensat", SetLastError = true)]
    public static partial int SetTimesAt(int directory, byte* path, TimeSpecification* times, int flags);

    [LibraryImport("libc", EntryPoint = "futimens", SetLastError = true)]
    public static partial int SetTimes(int descriptor, TimeSpecification* times);

    [LibraryImport("libc", EntryPoint = "fsetxattr", SetLastError = true)]
    public static partial int SetXattr(int descriptor, byte* name, byte* value, nint size, int flags);

    [LibraryImport("libc", EntryPoint = "lsetxattr", SetLastError = true)]
    public static partial int SetLinkXattr(byte* path, byte* name, byte* value, nint size, int flags);

    [LibraryImport("libc", EntryPoint = "llistxattr", SetLastError = true)]
    public static partial nint ListLinkXattrs(byte* path, byte* list, nint size);

    [LibraryImport("libc", EntryPoint = "lgetxattr", SetLastError = true)]
    public static partial nint GetLinkXattr(byte* path, byte* name, byte* value, nint size);

    [LibraryImport("libc", EntryPoint = "lremovexattr", SetLastError = true)]
    public static partial int RemoveLinkXattr(byte* path, byte* name);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    public static partial int StatX(int directory, byte* path, int flags, uint mask, FileStatus* status);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    public static partial int SyncFileSystem(int descriptor);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    public static partial int Advise(int descriptor, long offset, long length, int advice);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Lock(int descriptor, int operation);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint GetEffectiveUserId();

    [LibraryImport("libc", EntryPoint = "getegid")]
    public static partial uint GetEffectiveGroupId();

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall(nint number, nint a, nint b, nint c, nint d);
}
