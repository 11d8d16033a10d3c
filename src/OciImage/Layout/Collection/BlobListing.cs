using System.Text;
using OciImage.Linux;

namespace OciImage.Layout;

/// <summary>Lists the files below <c>blobs</c>. Nothing is opened, and no link is followed.</summary>
internal sealed class BlobListing
{
    private BlobListing(IReadOnlyList<ListedBlob> blobs, IReadOnlyList<string> others)
    {
        Blobs = blobs;
        Others = others;
    }

    public IReadOnlyList<ListedBlob> Blobs { get; }

    /// <summary>Gets the paths, relative to the layout, of what is no blob: other names, links, directories, pipes.</summary>
    public IReadOnlyList<string> Others { get; }

    public static BlobListing Read(LayoutPaths paths, CancellationToken cancellationToken)
    {
        var blobs = new List<ListedBlob>();
        var others = new List<string>();
        if (LayoutPaths.IsPlainDirectory(paths.Blobs))
        {
            foreach (FileSystemInfo entry in new DirectoryInfo(paths.Blobs).EnumerateFileSystemInfos())
            {
                if (entry is DirectoryInfo && LayoutPaths.IsPlainDirectory(entry.FullName))
                {
                    ReadAlgorithm(entry.FullName, entry.Name, blobs, others, cancellationToken);
                }
                else
                {
                    others.Add($"blobs/{entry.Name}");
                }
            }
        }

        others.Sort(StringComparer.Ordinal);
        return new BlobListing(blobs, others);
    }

    private static void ReadAlgorithm(
        string path, string algorithm, List<ListedBlob> blobs, List<string> others, CancellationToken cancellationToken)
    {
        if (!Libc.IsSupported)
        {
            foreach (FileSystemInfo entry in new DirectoryInfo(path).EnumerateFileSystemInfos())
            {
                cancellationToken.ThrowIfCancellationRequested();
                bool isFile = entry is FileInfo { LinkTarget: null };
                Add(algorithm, entry.Name, isFile, isFile ? ((FileInfo)entry).Length : 0, entry.LastWriteTimeUtc, blobs, others);
            }

            return;
        }

        using DirectoryHandle directory = DirectoryHandle.OpenPath(path);
        foreach ((byte[] name, _) in DirectoryListing.Read(directory))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (directory.TryGetStatus(name, out FileStatus status))
            {
                Add(
                    algorithm,
                    Encoding.UTF8.GetString(name),
                    status.Type == FileStatus.RegularFile,
                    status.Size,
                    BlobTimes.LastWriteOf(status),
                    blobs,
                    others);
            }
        }
    }

    private static void Add(
        string algorithm, string name, bool isFile, long size, DateTime lastWrite, List<ListedBlob> blobs, List<string> others)
    {
        if (isFile && Digest.TryParse($"{algorithm}:{name}", out Digest digest))
        {
            blobs.Add(new ListedBlob(digest, size, lastWrite));
        }
        else
        {
            others.Add($"blobs/{algorithm}/{name}");
        }
    }
}
