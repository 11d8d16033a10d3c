#pragma warning disable // Stub: replaced by its owner.
namespace OciImage.Content;

public sealed class MemoryStore : IImageStore, IContentIngester, IContentDeleter, IReferenceLister, IReferenceUntagger, IReferrerSource, IBlobMounter
{
    public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask PushAsync(Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask TagAsync(Descriptor descriptor, string reference, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask UntagAsync(string reference, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask<ContentIngest> OpenIngestAsync(string key, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask<IngestStatus?> GetIngestStatusAsync(string key, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask DeleteAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public IAsyncEnumerable<string> ListReferencesAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public IAsyncEnumerable<Descriptor> ListReferrersAsync(Descriptor subject, string? artifactType = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask<bool> TryMountAsync(Descriptor descriptor, IContentFetcher source, CancellationToken cancellationToken = default) => throw new NotImplementedException();
}

public sealed class MemoryRepositoryProvider : IRepositoryProvider
{
    public ValueTask<IImageStore?> GetAsync(string name, bool create, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public IAsyncEnumerable<string> ListAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();
}
