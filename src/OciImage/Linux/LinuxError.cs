using System.Runtime.InteropServices;
using System.Text;

namespace OciImage.Linux;

/// <summary>Knows the errors of system calls and makes exceptions of them.</summary>
internal static class LinuxError
{
    public const int NotPermitted = 1;
    public const int NotFound = 2;
    public const int Interrupted = 4;
    public const int InputOutput = 5;
    public const int Again = 11;
    public const int AccessDenied = 13;
    public const int Busy = 16;
    public const int Exists = 17;
    public const int CrossDevice = 18;
    public const int NotDirectory = 20;
    public const int IsDirectory = 21;
    public const int Invalid = 22;
    public const int ReadOnlyFileSystem = 30;
    public const int NameTooLong = 36;
    public const int NoSystemCall = 38;
    public const int NotEmpty = 39;
    public const int Loop = 40;
    public const int NoData = 61;
    public const int NotSupported = 95;
    public const int Stale = 116;

    /// <summary>Makes the exception of a failed call.</summary>
    public static IOException Of(int error, string operation, ReadOnlySpan<byte> name) => new(
        $"{operation} '{Excerpt.Of(Encoding.UTF8.GetString(name))}' failed: {Describe(error)}.", error);

    public static string Describe(int error) => $"{Marshal.GetPInvokeErrorMessage(error)} ({error})";
}
