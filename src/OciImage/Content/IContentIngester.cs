namespace OciImage.Content;

/// <summary>Takes content in piece by piece, before its digest is known. A capability that a store may have.</summary>
/// <remarks>An ingest is keyed by a reference that the caller chooses, as in containerd; a key has 1 to 255 characters of [A-Za-z0-9._-].</remarks>
public interface IContentIngester
{
    /// <summary>Starts an ingest, or opens the one of that key where it stopped.</summary>
    /// <param name="key">The key of the ingest.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>The ingest, owned by the caller until it is disposed.</returns>
    /// <exception cref="ArgumentException">The key is malformed.</exception>
    /// <exception cref="IOException">Another holder has the ingest open.</exception>
    ValueTask<ContentIngest> OpenIngestAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>Gets the state of an ingest without opening it.</summary>
    /// <param name="key">The key of the ingest.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns>The state, or <see langword="null"/> where there is no ingest of that key.</returns>
    ValueTask<IngestStatus?> GetIngestStatusAsync(string key, CancellationToken cancellationToken = default);
}
