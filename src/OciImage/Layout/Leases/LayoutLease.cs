namespace OciImage.Layout;

/// <summary>Keeps content from being collected for a time.</summary>
public sealed record LayoutLease
{
    /// <summary>Gets the name of the lease in its namespace.</summary>
    public required string Id { get; init; }

    /// <summary>Gets the namespace that the lease belongs to.</summary>
    public required string Namespace { get; init; }

    /// <summary>Gets when the lease was made, or <see langword="null"/> where another tool lost the record of it.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Gets when the lease ends by itself, or <see langword="null"/> where it does not.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Gets the labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = LayoutEntry.NoLabels;

    /// <summary>Gets what the lease keeps, each with everything below it.</summary>
    public IReadOnlyList<Descriptor> Content { get; init; } = [];

    /// <summary>Tells whether the lease has ended.</summary>
    /// <param name="now">The time to compare with.</param>
    /// <returns><see langword="true"/> from the very moment of <see cref="Expires"/> on.</returns>
    public bool HasExpired(DateTimeOffset now) => now >= Expires;
}
