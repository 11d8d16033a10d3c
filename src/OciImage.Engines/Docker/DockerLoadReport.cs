namespace OciImage.Engines;

/// <summary>Tells what a Docker Engine made of an image.</summary>
/// <param name="Manifest">The manifest that was loaded: of an index, the one for the platform.</param>
/// <param name="ImageId">The digest of the configuration, which is the image's identifier at Docker.</param>
/// <param name="Images">The images that Docker says it loaded, as it says it.</param>
public sealed record DockerLoadReport(Descriptor Manifest, Digest ImageId, IReadOnlyList<string> Images);
