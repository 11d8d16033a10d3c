namespace OciImage.TestKit.Registry;

/// <summary>Says where a <see cref="CuttingProxy"/> cuts. The same plan cuts after the same bytes, whatever the time.</summary>
public sealed record CuttingPlan
{
    /// <summary>Gets the seed of the gaps and kinds.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Gets the least number of bytes that pass in a direction between two cuts of it.</summary>
    public long MinGap { get; init; } = 1;

    /// <summary>Gets the greatest number of bytes that pass in a direction between two cuts of it.</summary>
    public long MaxGap { get; init; } = 1;

    /// <summary>Gets how often what the client sends is cut.</summary>
    public int MaxCutsToServer { get; init; }

    /// <summary>Gets how often what the server sends is cut.</summary>
    public int MaxCutsToClient { get; init; }

    /// <summary>Gets how connections are cut.</summary>
    public CutKind Kind { get; init; } = CutKind.Either;

    /// <summary>Gets the size of the pieces in which everything passes, or <see langword="null"/> for pieces as they come.</summary>
    public int? TrickleSize { get; init; }
}
