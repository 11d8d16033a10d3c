namespace OciImage.Images;

/// <summary>A layer and what shall become of it.</summary>
/// <param name="Original">The layer as the source's manifest describes it.</param>
/// <param name="MediaType">The media type that it shall have.</param>
/// <param name="Job">How it is to be compressed, or <see langword="null"/> where its bytes stay.</param>
internal sealed record PlannedLayer(Descriptor Original, string MediaType, LayerJob? Job);
