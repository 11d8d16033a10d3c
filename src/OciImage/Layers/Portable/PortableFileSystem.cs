using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>The file system of a system by what .NET offers everywhere.</summary>
internal sealed class PortableFileSystem : IPortableFileSystem
{
    private const int SetIdBits = 0xE00;
    private const UnixFileMode OwnerAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly DateTime Earliest = new(1601, 1, 2, 0, 0, 0, DateTimeKind.Utc);
    private static readonly DateTime Latest = new(9999, 12, 30, 0, 0, 0, DateTimeKind.Utc);

    public NameRules Rules { get; init; } = NameRules.Current;

    public bool Exists(string path) => Path.Exists(path);

    public void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerAll);
        }
    }

    public Stream CreateFile(string path) => new FileStream(path, new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        Share = FileShare.None,
        BufferSize = 0,
    });

    public void CopyFile(string from, string to) => File.Copy(from, to, overwrite: false);

    public bool TryCreateLink(string path, string target, bool toDirectory)
    {
        try
        {
            if (toDirectory)
            {
                Directory.CreateSymbolicLink(path, target);
            }
            else
            {
                File.CreateSymbolicLink(path, target);
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Windows lets only some users make links.
            return false;
        }
    }

    public void SetMetadata(string path, bool isDirectory, int mode, TarTimestamp time)
    {
        if (!OperatingSystem.IsWindows())
        {
            // The owner is who unpacks, so no bit may say to run as the owner.
            // The path is one that was just made, and links are made last or are not asked for their mode.
            var bits = (UnixFileMode)(mode & ~SetIdBits);
            FileSystemInfo info = isDirectory ? new DirectoryInfo(path) : new FileInfo(path);
            info.UnixFileMode = isDirectory ? bits | OwnerAll : bits;
        }

        try
        {
            DateTime modified = Clamp(time);
            if (isDirectory)
            {
                Directory.SetLastWriteTimeUtc(path, modified);
            }
            else
            {
                File.SetLastWriteTimeUtc(path, modified);
            }
        }
        catch (UnauthorizedAccessException)
        {
            // A file that its owner may not write keeps the time it has on Windows.
        }
    }

    public void Move(string from, string to) => Directory.Move(from, to);

    public void Delete(string directory) => Directory.Delete(directory, recursive: true);

    private static DateTime Clamp(TarTimestamp time)
    {
        if (time.Seconds >= new DateTimeOffset(Latest).ToUnixTimeSeconds())
        {
            return Latest;
        }

        return time.Seconds <= new DateTimeOffset(Earliest).ToUnixTimeSeconds()
            ? Earliest
            : DateTime.UnixEpoch.AddSeconds(time.Seconds).AddTicks(time.Nanoseconds / 100);
    }
}
