namespace OciImage.Images;

/// <summary>Tells what a conversion made of an image.</summary>
/// <param name="Source">The manifest or index that was converted; after platforms were chosen, what was chosen.</param>
/// <param name="Result">What was made of it, and tagged.</param>
/// <param name="Layers">The layers of changed images, each once; none where nothing was changed.</param>
/// <param name="Losses">What was left out, since the result cannot have it.</param>
/// <param name="Notes">What was tolerated, such as a layer with another compression than announced.</param>
public sealed record ConversionReport(
    Descriptor Source,
    Descriptor Result,
    IReadOnlyList<ConvertedLayer> Layers,
    IReadOnlyList<ConversionLoss> Losses,
    IReadOnlyList<string> Notes)
{
    /// <summary>Gets whether the result is another document than what was converted.</summary>
    public bool IsChanged => Source.Digest != Result.Digest;
}
