namespace OciImage.Content;

/// <summary>Tells pieces of content of one graph apart.</summary>
/// <remarks>
/// Bytes are carried once, whatever their media type; but a document that is also somebody's layer is two things,
/// since only the document has children.
/// </remarks>
/// <param name="Digest">The digest.</param>
/// <param name="DocumentType">The media type of a manifest or an index; empty for everything else.</param>
internal readonly record struct ContentKey(Digest Digest, string DocumentType)
{
    public static ContentKey Of(Descriptor descriptor) =>
        new(descriptor.Digest, ContentGraph.HasChildren(descriptor) ? descriptor.MediaType : "");

    public ContentKey AsLeaf() => this with { DocumentType = "" };
}
