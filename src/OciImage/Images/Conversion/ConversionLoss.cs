namespace OciImage.Images;

/// <summary>Something that the result of a conversion cannot have.</summary>
/// <param name="Content">The document that lost it, or that was left out.</param>
/// <param name="Message">What was left out, and why.</param>
public sealed record ConversionLoss(Descriptor Content, string Message);
