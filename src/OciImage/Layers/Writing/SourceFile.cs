using System.Text;
using Microsoft.Win32.SafeHandles;
using OciImage.Linux;

namespace OciImage.Layers;

/// <summary>A file whose content goes into a layer, open for reading.</summary>
/// <param name="content">Its content; disposed with this.</param>
/// <param name="listed">What was listed, or <see langword="null"/> where the system does not tell.</param>
internal sealed class SourceFile(FileStream content, TreeNode? listed = null) : IDisposable
{
    /// <summary>Gets the content.</summary>
    public FileStream Content => content;

    /// <summary>Opens a file in a directory.</summary>
    /// <exception cref="IOException">It cannot be opened, or is not the file that was listed any more.</exception>
    public static SourceFile Open(DirectoryHandle directory, TreeNode listed)
    {
        int descriptor = directory.TryOpenFile(listed.Name);
        if (descriptor < 0)
        {
            throw LinuxError.Of(Libc.LastError, "Opening", listed.Name);
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        try
        {
            ThrowIfChanged(handle, listed);
            return new SourceFile(new FileStream(handle, FileAccess.Read, bufferSize: 0), listed);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Makes sure, after reading, that what was read is what was listed.</summary>
    /// <exception cref="IOException">The file was changed meanwhile.</exception>
    public void ThrowIfChanged()
    {
        if (listed is not null)
        {
            ThrowIfChanged(content.SafeFileHandle, listed);
        }
    }

    public void Dispose() => content.Dispose();

    private static unsafe void ThrowIfChanged(SafeFileHandle handle, TreeNode listed)
    {
        FileStatus status;
        byte empty = 0;
        if (Libc.StatX((int)handle.DangerousGetHandle(), &empty, Libc.AtEmptyPath, Libc.StatBasic, &status) != 0)
        {
            throw LinuxError.Of(Libc.LastError, "Reading the status of", listed.Name);
        }

        string what =
            status.Type != FileStatus.RegularFile || TreeNode.IdentityOf(status) != listed.Identity ? "was replaced" :
            status.Size != listed.Size ? "changed its size" :
            TreeNode.TimeOf(status) != listed.ModifiedTime ? "was written to" : "";
        if (what.Length > 0)
        {
            throw new IOException($"'{Excerpt.Of(Encoding.UTF8.GetString(listed.Name))}' {what} while the layer was written.");
        }
    }
}
