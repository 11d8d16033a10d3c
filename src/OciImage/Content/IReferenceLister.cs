namespace OciImage.Content;

/// <summary>Lists names. A capability that a place may have.</summary>
public interface IReferenceLister
{
    /// <summary>Lists the tags in ordinal order.</summary>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <returns>The tags.</returns>
    IAsyncEnumerable<string> ListReferencesAsync(CancellationToken cancellationToken = default);
}
