namespace OciImage.Layout;

/// <summary>Something that a document refers to.</summary>
/// <param name="Digest">The digest.</param>
/// <param name="MediaType">The media type that stands beside it, or <see langword="null"/>.</param>
/// <param name="MayHaveLinks">Whether it may be a document itself.</param>
internal readonly record struct DocumentLink(Digest Digest, string? MediaType, bool MayHaveLinks);
