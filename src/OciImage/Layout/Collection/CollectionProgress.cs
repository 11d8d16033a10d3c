namespace OciImage.Layout;

/// <summary>Tells how far a collection is.</summary>
/// <param name="Stage">What is being done.</param>
/// <param name="Done">How much of it is done, in blobs.</param>
/// <param name="Total">How much there is to do, as far as is known.</param>
public readonly record struct CollectionProgress(CollectionStage Stage, long Done, long Total);
