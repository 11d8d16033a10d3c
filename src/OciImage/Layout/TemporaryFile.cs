using Microsoft.Win32.SafeHandles;

namespace OciImage.Layout;

/// <summary>A new file that is gone at the end, unless it got its final name.</summary>
internal sealed class TemporaryFile : IDisposable
{
    private readonly LockedFile _file;

    private TemporaryFile(LockedFile file)
    {
        _file = file;
    }

    public string Path => _file.Path;

    public SafeFileHandle Handle => _file.Handle;

    public static TemporaryFile Create(LayoutPaths paths)
    {
        LayoutPaths.Prepare(paths.Ingest);
        return new TemporaryFile(LockedFile.CreateTemporary(paths.Ingest));
    }

    public void Dispose()
    {
        try
        {
            // While it is locked, so that a sweep does not come in between; after a rename there is nothing left.
            File.Delete(Path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What failed before counts more, and a sweep finds the rest.
        }

        _file.Dispose();
    }
}
