using System.Runtime.InteropServices;

namespace OciImage.Registry.Stores;

/// <summary>The user that runs this process, as the system counts users.</summary>
internal static partial class UserId
{
    public static uint Current => GetUserId();

    [LibraryImport("libc", EntryPoint = "getuid")]
    private static partial uint GetUserId();
}
