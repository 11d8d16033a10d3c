namespace OciImage.Layout;

/// <summary>A file that a walk over the blobs found.</summary>
/// <param name="Digest">The digest that its name says.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="LastWrite">When it was last written or used.</param>
internal readonly record struct ListedBlob(Digest Digest, long Size, DateTime LastWrite);
