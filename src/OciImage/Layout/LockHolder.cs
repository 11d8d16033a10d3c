using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace OciImage.Layout;

/// <summary>Says who keeps a lock. Only a message is made of it: who owns what is for the lock alone to say.</summary>
internal static class LockHolder
{
    private const string Locks = "/proc/locks";
    private const int MaxLength = 1024 * 1024;

    public static IOException TimedOut(string path, SafeFileHandle? handle, TimeSpan limit)
    {
        string who = (handle is null ? null : TryFind(handle)) is int id ? $"process {id}" : "another process";
        return new IOException(
            $"'{path}' was kept by {who} for more than {limit}. A process that is stopped or hangs keeps it until it " +
            "goes on or is ended; the lock ends with it. Do not remove the file.");
    }

    /// <summary>Finds the process that locks the file, where this machine and this container can see it.</summary>
    private static int? TryFind(SafeFileHandle handle)
    {
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                return null;
            }

            Linux.FileStatus status = BlobFile.Stat(handle);
            string file = string.Create(
                CultureInfo.InvariantCulture,
                $"{status.FileSystemMajor:x2}:{status.FileSystemMinor:x2}:{status.Inode}");
            using StreamReader reader = new(Locks);
            for (int read = 0; read < MaxLength && reader.ReadLine() is string line; read += line.Length)
            {
                // 1: FLOCK  ADVISORY  WRITE 1234 08:01:131 0 EOF
                string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length > 5 && fields[1] == "FLOCK" && fields[5] == file &&
                    int.TryParse(fields[4], CultureInfo.InvariantCulture, out int id) && id > 0)
                {
                    return id;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The message does without.
        }

        return null;
    }
}
