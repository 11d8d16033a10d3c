using OciImage.Layout;

namespace OciImage.Tests.Layout;

/// <summary>Changes a layout's files as another tool would: without its locks.</summary>
internal static class LayoutFile
{
    private static readonly DateTime LongAgo = new(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public static string Of(OciLayout layout, Digest digest) =>
        Path.Combine(layout.DirectoryPath, "blobs", digest.Algorithm, digest.Encoded);

    public static async Task ChangeAsync(OciLayout layout, Func<ImageIndex, ImageIndex> change)
    {
        string path = Path.Combine(layout.DirectoryPath, "index.json");
        ImageIndex changed = change((await layout.ReadIndexAsync()).Value);
        await File.WriteAllBytesAsync(path, OciDocument<ImageIndex>.Create(changed).Bytes.ToArray());
    }

    /// <summary>Makes all blobs older than any grace period.</summary>
    public static void MakeOld(OciLayout layout)
    {
        foreach (string path in Directory.GetFiles(Path.Combine(layout.DirectoryPath, "blobs"), "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(path, LongAgo);
        }
    }

    public static void MakeOld(OciLayout layout, Digest digest) => File.SetLastWriteTimeUtc(Of(layout, digest), LongAgo);
}
