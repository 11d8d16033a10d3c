using System.Runtime.InteropServices;

namespace OciImage.Linux;

/// <summary>Seconds and nanoseconds: struct timespec on 64-bit systems.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpecification
{
    public long Seconds;
    public long Nanoseconds;
}
