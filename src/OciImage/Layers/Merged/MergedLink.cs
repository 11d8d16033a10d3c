namespace OciImage.Layers;

/// <summary>The place that a hard link points to.</summary>
/// <param name="Parent">The directory of the target.</param>
/// <param name="Name">Its name there.</param>
/// <param name="Since">The layer that made it.</param>
internal sealed record MergedLink(MergedDirectory Parent, byte[] Name, int Since);
