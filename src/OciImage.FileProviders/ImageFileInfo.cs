using System.Text;
using System.Text.Unicode;
using Microsoft.Extensions.FileProviders;
using OciImage.Layers;
using OciImage.Tar;

namespace OciImage.FileProviders;

/// <summary>A file or directory of an image.</summary>
internal sealed class ImageFileInfo(ImageFileTree tree, ImageFile file, string name) : IFileInfo
{
    private static readonly long Earliest = DateTimeOffset.MinValue.ToUnixTimeSeconds();
    private static readonly long Latest = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    public bool Exists => true;

    public long Length => file.IsDirectory ? -1 : file.Size;

    public string? PhysicalPath => null;

    public string Name => name;

    public DateTimeOffset LastModified =>
        DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(file.ModifiedTime.Seconds, Earliest, Latest))
            .AddTicks(file.ModifiedTime.Seconds >= Latest ? 0 : file.ModifiedTime.Nanoseconds / 100);

    public bool IsDirectory => file.IsDirectory;

    public static bool IsShown(ImageFile file) => file.Type is TarEntryType.RegularFile or TarEntryType.Directory;

    /// <summary>Returns the name of a file as text, or <see langword="null"/> where it is none.</summary>
    public static string? TextOf(ImageFile file) =>
        Utf8.IsValid(file.Name.Span) ? Encoding.UTF8.GetString(file.Name.Span) : null;

    /// <summary>Opens the content; the interface has no way to wait for it but to block.</summary>
    public Stream CreateReadStream() => file.IsDirectory
        ? throw new InvalidOperationException($"'{name}' is a directory.")
        : tree.OpenReadAsync(file).AsTask().GetAwaiter().GetResult();
}
