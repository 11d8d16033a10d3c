#pragma warning disable // Stub: replaced by its owner.
using OciImage.Content;
namespace OciImage.Layout;

public sealed class OciLayoutOptions
{
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;
    /// <summary>Whether blobs and index are flushed to the device before they become visible.</summary>
    public bool Durable { get; set; } = true;
}

public sealed class OciLayout : IImageStore, IContentIngester, IContentDeleter, IReferenceLister, IReferenceUntagger, IReferrerSource, IBlobMounter
{
    private OciLayout() { }
    public string DirectoryPath => throw new NotImplementedException();
    public static ValueTask<OciLayout> OpenAsync(string directory, OciLayoutOptions? options = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public static ValueTask<OciLayout> OpenOrCreateAsync(string directory, OciLayoutOptions? options = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask<OciDocument<ImageIndex>> ReadIndexAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();
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

/// <summary>A directory of layouts, one for each repository: DIR/NAME/_oci is a plain OCI layout.</summary>
public sealed class LayoutRepositoryProvider : IRepositoryProvider
{
    public LayoutRepositoryProvider(string directory, OciLayoutOptions? options = null) { }
    public ValueTask<IImageStore?> GetAsync(string name, bool create, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public IAsyncEnumerable<string> ListAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();
}
