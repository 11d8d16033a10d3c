namespace OciImage.Layout;

/// <summary>Knows where things stand in a layout directory. No path is ever made of a tag or a foreign name.</summary>
internal sealed class LayoutPaths(string root)
{
    private const int MaxComponentLength = 255;

    public string Root { get; } = root;

    public string Header => Path.Combine(Root, "oci-layout");

    public string Index => Path.Combine(Root, "index.json");

    public string Blobs => Path.Combine(Root, "blobs");

    /// <summary>Gets the directory of unfinished content: on the same file system, and of no meaning to other tools.</summary>
    public string Ingest => Path.Combine(Root, ".ociimage");

    public string IndexLock => Path.Combine(Ingest, "index.lock");

    public string PublishLock => Path.Combine(Ingest, "publish.lock");

    /// <summary>Gets the directory of what was found damaged and moved away.</summary>
    public string Quarantine => Path.Combine(Ingest, "quarantine");

    /// <summary>Tells whether a directory is there, and is no link to one elsewhere.</summary>
    public static bool IsPlainDirectory(string path)
    {
        var directory = new DirectoryInfo(path);
        return directory.Exists && (directory.Attributes & FileAttributes.ReparsePoint) == 0;
    }

    /// <summary>Makes a directory unless it is there.</summary>
    /// <returns>Whether it was made.</returns>
    /// <exception cref="IOException">What is there is a link: whoever made it would choose where bytes go.</exception>
    public static bool Prepare(string directory)
    {
        if (IsPlainDirectory(directory))
        {
            return false;
        }

        Directory.CreateDirectory(directory);
        return IsPlainDirectory(directory) ? true : throw new IOException($"'{directory}' is a link, expected a directory.");
    }

    public static ArgumentException NoName(Digest digest) =>
        new($"'{Excerpt.Of(digest.ToString())}' cannot be the name of a file.", nameof(digest));

    /// <summary>Returns the path of a blob, or <see langword="null"/> where no file can have that name.</summary>
    /// <remarks>The digest's grammar has no separator and no dot in front.</remarks>
    public string? Blob(Digest digest)
    {
        if (digest.IsEmpty)
        {
            throw NoName(digest);
        }

        return digest.Algorithm.Length <= MaxComponentLength && digest.Encoded.Length <= MaxComponentLength
            ? Path.Combine(Blobs, digest.Algorithm, digest.Encoded)
            : null;
    }

    /// <summary>Tells whether a blob of that digest would stand inside the layout, and not behind a link.</summary>
    public bool IsInside(Digest digest) =>
        IsPlainDirectory(Blobs) && IsPlainDirectory(Path.Combine(Blobs, digest.Algorithm));
}
