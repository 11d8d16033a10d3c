namespace OciImage.Content;

/// <summary>Tells how far an ingest has come.</summary>
/// <param name="Key">The key of the ingest.</param>
/// <param name="Offset">The number of bytes taken in.</param>
/// <param name="UpdatedAt">The time of the last write.</param>
public sealed record IngestStatus(string Key, long Offset, DateTimeOffset UpdatedAt)
{
    /// <summary>Gets the time when the ingest was started, or <see langword="null"/> where that is not known.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Gets the number of bytes that are expected, or <see langword="null"/> where nobody said.</summary>
    public long? Total { get; init; }

    /// <summary>Gets whether somebody has the ingest open at this moment.</summary>
    public bool IsOpen { get; init; }
}
