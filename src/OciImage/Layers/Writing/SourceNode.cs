using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Something that goes into a layer.</summary>
/// <param name="Entry">Its entry.</param>
/// <param name="Open">Opens its content, or <see langword="null"/> where it has none.</param>
/// <param name="LinkIdentity">What two names of one file have in common, or <see langword="null"/> for a single name.</param>
internal sealed record SourceNode(TarEntry Entry, Func<SourceFile>? Open = null, (ulong, ulong)? LinkIdentity = null);
