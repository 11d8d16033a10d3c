using System.Text;
using OciImage.Linux;

namespace OciImage.Layout;

/// <summary>A file that gets its name only when it is complete; what is no regular file, such as a pipe, is written as it is.</summary>
internal sealed class ArchiveFile : IAsyncDisposable
{
    private readonly string _path;
    private readonly string? _temporary;
    private bool _done;

    private ArchiveFile(string path, string? temporary, FileStream stream)
    {
        _path = path;
        _temporary = temporary;
        Stream = stream;
    }

    public FileStream Stream { get; }

    public static ArchiveFile Create(string path)
    {
        path = Path.GetFullPath(path);
        if (Directory.Exists(path))
        {
            throw new IOException($"'{path}' is a directory, expected the name of a file.");
        }

        if (IsSpecial(path))
        {
            return new ArchiveFile(path, null, new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0));
        }

        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        return new ArchiveFile(path, temporary, new FileStream(
            temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, bufferSize: 0,
            FileOptions.Asynchronous));
    }

    /// <summary>Flushes the file and gives it its name, in the place of a file that had it.</summary>
    public async ValueTask CompleteAsync()
    {
        if (_temporary is not null)
        {
            RandomAccess.FlushToDisk(Stream.SafeFileHandle);
        }

        await Stream.DisposeAsync().ConfigureAwait(false);
        if (_temporary is not null)
        {
            File.Move(_temporary, _path, overwrite: true);
            BlobFile.FlushDirectory(Path.GetDirectoryName(_path)!);
        }

        _done = true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_done)
        {
            return;
        }

        _done = true;
        await Stream.DisposeAsync().ConfigureAwait(false);
        if (_temporary is not null)
        {
            File.Delete(_temporary);
        }
    }

    private static unsafe bool IsSpecial(string path)
    {
        if (!Libc.IsSupported)
        {
            return false;
        }

        FileStatus status;
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            return Libc.StatX(Libc.AtCurrentDirectory, name, 0, Libc.StatBasic, &status) == 0 &&
                status.Type != FileStatus.RegularFile;
        }
    }
}
