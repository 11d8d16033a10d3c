namespace OciImage.Content;

/// <summary>Lists what refers to content by its <c>subject</c>. A capability that a store may have.</summary>
public interface IReferrerSource
{
    /// <summary>Lists the manifests whose subject is the content. The list is the store's word: a fetched manifest's subject still needs a look.</summary>
    /// <param name="subject">The content that is referred to, which need not be here.</param>
    /// <param name="artifactType">The only artifact type wanted, or <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <returns>Descriptors with artifact type and annotations.</returns>
    IAsyncEnumerable<Descriptor> ListReferrersAsync(
        Descriptor subject, string? artifactType = null, CancellationToken cancellationToken = default);
}
