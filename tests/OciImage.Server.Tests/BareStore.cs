using OciImage.Content;

namespace OciImage.Server.Tests;

/// <summary>A store that can do what every store can, and nothing more.</summary>
internal sealed class BareStore : IImageStore
{
    private readonly MemoryStore _store = new();

    public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        _store.OpenReadAsync(descriptor, cancellationToken);

    public ValueTask PushAsync(
        Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default) =>
        _store.PushAsync(descriptor, content, cancellationToken);

    public ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        _store.ExistsAsync(descriptor, cancellationToken);

    public ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default) =>
        _store.ResolveAsync(reference, cancellationToken);

    public ValueTask TagAsync(Descriptor descriptor, string reference, CancellationToken cancellationToken = default) =>
        _store.TagAsync(descriptor, reference, cancellationToken);
}
