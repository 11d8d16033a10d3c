#pragma warning disable // Stub: replaced by its owner.
using OciImage.Content;
namespace OciImage.Registry;

public enum RegistryScheme { /// <summary>https, except http for localhost and loopback addresses when https fails.</summary>
 Automatic, Https, Http }

public sealed record RegistryCredential(string? Username, string? Password, string? IdentityToken = null, string? RegistryToken = null);

public interface IRegistryCredentialProvider
{
    ValueTask<RegistryCredential?> GetCredentialAsync(string registry, string repository, CancellationToken cancellationToken = default);
}

public sealed class RegistryOptions
{
    public RegistryScheme Scheme { get; set; }
    /// <summary>Accept any TLS certificate.</summary>
    public bool SkipCertificateCheck { get; set; }
    public IRegistryCredentialProvider? Credentials { get; set; }
    public string UserAgent { get; set; } = "ocimage";
    public int MaxConnectionsPerHost { get; set; } = 6;
    public HttpMessageHandler? Handler { get; set; }
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;
    public DocumentOptions Documents { get; set; } = new();
}

public sealed class RegistryClient : IDisposable
{
    public RegistryClient(RegistryOptions? options = null) { }
    public RepositoryClient GetRepository(ImageReference reference) => throw new NotImplementedException();
    public RepositoryClient GetRepository(string registry, string repository) => throw new NotImplementedException();
    /// <summary>Asks GET /v2/, with credentials where they are wanted.</summary>
    public ValueTask PingAsync(string registry, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public IAsyncEnumerable<string> ListRepositoriesAsync(string registry, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public void Dispose() { }
}

public sealed class RepositoryClient : IImageStore, IBlobMounter, IContentDeleter, IReferenceLister, IReferenceUntagger, IReferrerSource
{
    internal RepositoryClient() { }
    public string Registry => throw new NotImplementedException();
    public string Repository => throw new NotImplementedException();
    public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask PushAsync(Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    /// <summary>Fetches a manifest by tag or digest, verified, within the document limit.</summary>
    public ValueTask<(Descriptor Descriptor, ReadOnlyMemory<byte> Bytes)> FetchManifestAsync(string reference, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask TagAsync(Descriptor descriptor, string reference, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask UntagAsync(string reference, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask DeleteAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public IAsyncEnumerable<string> ListReferencesAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public IAsyncEnumerable<Descriptor> ListReferrersAsync(Descriptor subject, string? artifactType = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask<bool> TryMountAsync(Descriptor descriptor, IContentFetcher source, CancellationToken cancellationToken = default) => throw new NotImplementedException();
}
