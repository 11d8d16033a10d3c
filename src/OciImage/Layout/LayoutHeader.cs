using Microsoft.Win32.SafeHandles;

namespace OciImage.Layout;

/// <summary>Reads <c>oci-layout</c>, which says that a directory is a layout, and of which version.</summary>
internal static class LayoutHeader
{
    private const int MaxSize = 4096;

    /// <exception cref="ContentNotFoundException">The directory is absent, or no layout.</exception>
    /// <exception cref="DocumentFormatException">The file is malformed, or of another version.</exception>
    public static void Check(LayoutPaths paths, string directory)
    {
        using SafeFileHandle header = BlobFile.TryOpen(paths.Header, out bool isOther) ?? throw Missing(paths, directory, isOther);
        byte[] bytes = new byte[MaxSize];
        int read = RandomAccess.Read(header, bytes, 0);
        LayoutDocument.CheckVersion(bytes.AsMemory(0, read), paths.Header);
    }

    private static OciException Missing(LayoutPaths paths, string directory, bool isOther) => isOther
        ? new DocumentFormatException($"'{paths.Header}' is not a regular file.")
        : new ContentNotFoundException($"'{directory}' is not an OCI layout: it has no file 'oci-layout'.");
}
