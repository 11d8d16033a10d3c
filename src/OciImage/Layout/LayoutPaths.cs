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

    /// <summary>Returns the path of a blob. The digest's grammar has no separator and no dot in front.</summary>
    public string Blob(Digest digest)
    {
        if (digest.IsEmpty || digest.Algorithm.Length > MaxComponentLength || digest.Encoded.Length > MaxComponentLength)
        {
            throw new ArgumentException($"'{Excerpt.Of(digest.ToString())}' cannot be the name of a file.", nameof(digest));
        }

        return Path.Combine(Blobs, digest.Algorithm, digest.Encoded);
    }
}
