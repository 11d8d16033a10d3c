using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;
using OciImage.Layers;

namespace OciImage.FileProviders;

/// <summary>Shows the files of an image to whatever takes an <see cref="IFileProvider"/>, such as static files of a web server.</summary>
/// <remarks>
/// Links are followed inside the image's root, and nothing outside it can be reached. Devices and FIFOs, and names that are not UTF-8, do not exist
/// here. Contents are read from the layers each time, so whoever reads a file often should keep it. The tree's source must stay
/// open. An instance may be used by many threads.
/// </remarks>
public sealed class ImageFileProvider : IFileProvider
{
    private readonly ImageFileTree _tree;
    private readonly ImageFile? _root;

    /// <summary>Initializes a new instance on a tree, or on a directory in it.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="directory">
    /// The path in the image that is the root of the provider. A path that climbs out of it finds nothing; a link leads
    /// wherever it leads in the image.
    /// </param>
    public ImageFileProvider(ImageFileTree tree, string directory = "/")
    {
        ArgumentNullException.ThrowIfNull(tree);
        ArgumentNullException.ThrowIfNull(directory);
        _tree = tree;
        _root = tree.Find(directory) is { IsDirectory: true } root ? root : null;
    }

    /// <summary>Finds a file or directory.</summary>
    /// <param name="subpath">The path from the provider's root, with or without a slash in front.</param>
    /// <returns>What is there; its <see cref="IFileInfo.Exists"/> is false where there is nothing, and for a directory as with other providers.</returns>
    public IFileInfo GetFileInfo(string subpath)
    {
        ImageFile? file = Find(subpath);
        string name = NameOf(subpath);
        return file is not null && ImageFileInfo.IsShown(file) && !file.IsDirectory
            ? new ImageFileInfo(_tree, file, name)
            : new NotFoundFileInfo(name);
    }

    /// <summary>Lists a directory.</summary>
    /// <param name="subpath">The path from the provider's root, with or without a slash in front.</param>
    /// <returns>What is in it; its <see cref="IDirectoryContents.Exists"/> is false where there is no directory.</returns>
    public IDirectoryContents GetDirectoryContents(string subpath) => Find(subpath) is { IsDirectory: true } directory
        ? new ImageDirectoryContents(_tree, directory)
        : NotFoundDirectoryContents.Singleton;

    /// <summary>Returns a token that never fires, since an image never changes.</summary>
    /// <param name="filter">The files that would be watched.</param>
    /// <returns>The token.</returns>
    public IChangeToken Watch(string filter) => NullChangeToken.Singleton;

    private ImageFile? Find(string? subpath)
    {
        if (_root is null || subpath is null || subpath.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        int depth = 0;
        foreach (string component in subpath.Split('/'))
        {
            depth += component switch { "" or "." => 0, ".." => -1, _ => 1 };
            if (depth < 0)
            {
                return null;
            }
        }

        byte[] root = _root.Path.ToArray();
        return _tree.Find((byte[])[.. root, (byte)'/', .. System.Text.Encoding.UTF8.GetBytes(subpath)]);
    }

    private static string NameOf(string? subpath)
    {
        string path = (subpath ?? "").TrimEnd('/');
        return path[(path.LastIndexOf('/') + 1)..];
    }
}
