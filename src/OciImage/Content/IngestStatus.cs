namespace OciImage.Content;

/// <summary>Tells how far an ingest has come.</summary>
/// <param name="Key">The key of the ingest.</param>
/// <param name="Offset">The number of bytes taken in.</param>
/// <param name="UpdatedAt">The time of the last write.</param>
public sealed record IngestStatus(string Key, long Offset, DateTimeOffset UpdatedAt);
