namespace OciImage.Images;

/// <summary>What became of one layer.</summary>
/// <param name="Source">The layer as it was.</param>
/// <param name="Result">The layer as it is at the target.</param>
/// <param name="Outcome">How it got there.</param>
public sealed record ConvertedLayer(Descriptor Source, Descriptor Result, LayerOutcome Outcome);
