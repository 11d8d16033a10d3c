using System.Runtime.InteropServices;

namespace OciImage.Linux;

/// <summary>The argument of openat2: struct open_how.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OpenHow
{
    public ulong Flags;
    public ulong Mode;
    public ulong Resolve;
}
