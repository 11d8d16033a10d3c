using OciImage.Content;

namespace OciImage.Tests.Layers;

/// <summary>A store that does something else when the first bytes arrive.</summary>
internal sealed class MeddlingIngester(MemoryStore store, Action meddle) : IContentIngester
{
    public string? Key { get; private set; }

    public async ValueTask<ContentIngest> OpenIngestAsync(string key, CancellationToken cancellationToken = default)
    {
        Key = key;
        return new MeddlingIngest(await store.OpenIngestAsync(key, cancellationToken), meddle);
    }

    public ValueTask<IngestStatus?> GetIngestStatusAsync(string key, CancellationToken cancellationToken = default) =>
        store.GetIngestStatusAsync(key, cancellationToken);
}
