namespace OciImage.Registry.Manifests;

/// <summary>A manifest or an index as a registry gave it.</summary>
/// <param name="Descriptor">What the bytes are.</param>
/// <param name="Bytes">The bytes.</param>
/// <param name="ETag">The mark of this state of a tag, where the registry gives one (RFC 9110, section 8.8.3).</param>
internal sealed record FetchedManifest(Descriptor Descriptor, ReadOnlyMemory<byte> Bytes, string? ETag);
