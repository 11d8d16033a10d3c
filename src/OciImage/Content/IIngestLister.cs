namespace OciImage.Content;

/// <summary>Lists unfinished content, and gives it up by its key. A capability that an ingester may have.</summary>
public interface IIngestLister
{
    /// <summary>Lists all ingests, in the order of their keys.</summary>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <returns>The ingests as they are at this moment.</returns>
    IAsyncEnumerable<IngestStatus> ListIngestsAsync(CancellationToken cancellationToken = default);

    /// <summary>Gives an ingest up that nobody has open, and removes its bytes.</summary>
    /// <param name="key">The key of the ingest.</param>
    /// <param name="cancellationToken">Cancels the removal.</param>
    /// <returns><see langword="false"/> where there is no ingest of that key.</returns>
    /// <exception cref="ArgumentException">The key is malformed.</exception>
    /// <exception cref="IOException">Somebody has the ingest open.</exception>
    ValueTask<bool> AbortIngestAsync(string key, CancellationToken cancellationToken = default);
}
