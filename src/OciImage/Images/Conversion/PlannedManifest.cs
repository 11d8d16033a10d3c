namespace OciImage.Images;

/// <summary>A manifest of an image, or of an artifact, and what shall become of it.</summary>
internal sealed class PlannedManifest(Descriptor original, OciDocument<ImageManifest> document)
    : PlannedDocument(original, document.Bytes)
{
    public ImageManifest Manifest { get; } = document.Value;

    public IReadOnlyList<PlannedLayer> Layers { get; set; } = [];

    /// <summary>Gets or sets the bytes of the configuration, where it was read.</summary>
    public ReadOnlyMemory<byte>? ConfigBytes { get; set; }

    /// <summary>Gets or sets the platform that the configuration names, where it was read.</summary>
    public Platform? Platform { get; set; }

    public override Digest? Subject => Manifest.Subject?.Digest;
}
