namespace OciImage.Images;

/// <summary>Something that is wrong with an image.</summary>
/// <param name="Descriptor">The content at fault.</param>
/// <param name="Error">What was found and what was expected.</param>
public sealed record CheckFault(Descriptor Descriptor, OciException Error);
