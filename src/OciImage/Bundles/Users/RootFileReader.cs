using System.Text;
using Microsoft.Win32.SafeHandles;
using OciImage.Linux;

namespace OciImage.Bundles;

/// <summary>Reads small regular files by paths inside a root; links are resolved in the root, the last one too.</summary>
internal sealed class RootFileReader(DirectoryHandle root, bool useOpenAt2)
{
    private const int MaxLinks = 40;
    private const int MaxPath = 4096;
    private const int MaxName = 255;

    private readonly PathWalker _walker = new(root, useOpenAt2);

    /// <summary>Returns the content of a file, or <see langword="null"/> where there is none.</summary>
    /// <exception cref="BundleException">It is no regular file, is larger, or cannot be read.</exception>
    public byte[]? Read(ReadOnlySpan<byte> path, int maxSize)
    {
        string shown = Encoding.UTF8.GetString(path);
        byte[] left = path.ToArray();
        for (int links = 0; links <= MaxLinks; links++)
        {
            if (left.Length > MaxPath)
            {
                throw Refuse(shown, "has too long a path");
            }

            int slash = left.AsSpan().LastIndexOf((byte)'/');
            byte[] name = left[(slash + 1)..];
            if (name is [] or [(byte)'.'] or [(byte)'.', (byte)'.'])
            {
                throw Refuse(shown, "is a directory");
            }

            if (name.Length > MaxName)
            {
                return null;
            }

            int error = _walker.TryOpen(left.AsSpan(0, slash + 1), out DirectoryHandle? directory);
            if (error is LinuxError.NotFound or LinuxError.NotDirectory)
            {
                return null;
            }

            if (error != 0)
            {
                throw Refuse(shown, $"cannot be read: {LinuxError.Describe(error)}");
            }

            using (directory)
            {
                if (!TryGetStatus(directory!, name, shown, out FileStatus status))
                {
                    return null;
                }

                if (status.Type != FileStatus.SymbolicLink)
                {
                    return ReadRegular(directory!, name, status, shown, maxSize);
                }

                byte[] target = directory!.ReadLink(name);
                left = target is [(byte)'/', ..] ? target : [.. left.AsSpan(0, slash + 1), .. target];
            }
        }

        throw Refuse(shown, $"is behind more than {MaxLinks} links");
    }

    private static bool TryGetStatus(DirectoryHandle directory, byte[] name, string shown, out FileStatus status)
    {
        try
        {
            return directory.TryGetStatus(name, out status);
        }
        catch (IOException exception)
        {
            throw new BundleException(BundleErrorKind.UnreadableUsers, $"The image's '{shown}' cannot be read.", exception);
        }
    }

    // Looked at before it is opened, since opening a device may do something, and again when it is open.
    private static byte[] ReadRegular(
        DirectoryHandle directory, byte[] name, in FileStatus status, string shown, int maxSize)
    {
        if (status.Type != FileStatus.RegularFile)
        {
            throw Refuse(shown, "is no regular file");
        }

        int descriptor = directory.TryOpenFile(name);
        if (descriptor < 0)
        {
            throw Refuse(shown, $"cannot be read: {LinuxError.Describe(Libc.LastError)}");
        }

        using var file = new SafeFileHandle(descriptor, ownsHandle: true);
        if (GetType(descriptor) != FileStatus.RegularFile)
        {
            throw Refuse(shown, "is no regular file");
        }

        try
        {
            return ReadAll(file) ?? throw Refuse(shown, $"has more than {maxSize} bytes");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BundleException(BundleErrorKind.UnreadableUsers, $"The image's '{shown}' cannot be read.", exception);
        }

        byte[]? ReadAll(SafeFileHandle handle)
        {
            long length = RandomAccess.GetLength(handle);
            if (length > maxSize)
            {
                return null;
            }

            byte[] content = new byte[length];
            int count = 0;
            int read;
            while (count < content.Length && (read = RandomAccess.Read(handle, content.AsSpan(count), count)) > 0)
            {
                count += read;
            }

            return content[..count];
        }
    }

    private static unsafe uint GetType(int descriptor)
    {
        FileStatus status;
        byte empty = 0;
        return Libc.StatX(descriptor, &empty, Libc.AtEmptyPath, Libc.StatBasic, &status) == 0 ? status.Type : 0;
    }

    private static BundleException Refuse(string shown, string why) =>
        new(BundleErrorKind.UnreadableUsers, $"The image's '{shown}' {why}.");
}
