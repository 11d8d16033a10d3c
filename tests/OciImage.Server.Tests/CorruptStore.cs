using OciImage.Content;

namespace OciImage.Server.Tests;

/// <summary>A store whose content has changed behind its back.</summary>
internal sealed class CorruptStore : IImageStore
{
    private readonly byte[] _actual = new byte[1_000_000];

    public CorruptStore()
    {
        Promised = Descriptor.Create("text/plain", _actual);
        _actual[^1] = 1;
    }

    public Descriptor Promised { get; }

    public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        new(new ContentStream(new MemoryStream(_actual), Promised));

    public ValueTask PushAsync(
        Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default) =>
        throw new IOException("The disk is full.");

    public ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => new(true);

    public ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default) =>
        new(Promised);

    public ValueTask TagAsync(Descriptor descriptor, string reference, CancellationToken cancellationToken = default) =>
        default;
}
