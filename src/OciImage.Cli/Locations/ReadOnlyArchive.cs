using OciImage.Content;
using OciImage.Layout;

namespace OciImage.Cli.Locations;

/// <summary>An archive as a store that refuses to be changed, and says what to do instead.</summary>
internal sealed class ReadOnlyArchive(ImageArchive archive, string place) :
    IImageStore, IReferenceLister, IReferrerSource, IContentDeleter, IReferenceUntagger
{
    public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        archive.OpenReadAsync(descriptor, cancellationToken);

    public ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        archive.ExistsAsync(descriptor, cancellationToken);

    public ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default) =>
        archive.ResolveAsync(reference, cancellationToken);

    public IAsyncEnumerable<string> ListReferencesAsync(CancellationToken cancellationToken = default) =>
        archive.ListReferencesAsync(cancellationToken);

    public IAsyncEnumerable<Descriptor> ListReferrersAsync(
        Descriptor subject, string? artifactType = null, CancellationToken cancellationToken = default) =>
        archive.ListReferrersAsync(subject, artifactType, cancellationToken);

    public ValueTask PushAsync(Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default) =>
        throw Refused();

    public ValueTask TagAsync(Descriptor descriptor, string reference, CancellationToken cancellationToken = default) => throw Refused();

    public ValueTask DeleteAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => throw Refused();

    public ValueTask UntagAsync(string reference, CancellationToken cancellationToken = default) => throw Refused();

    private UsageException Refused() => new(
        $"'{place}' is an archive, which is only written as a whole. Import it into a layout ('ocimg import'), change that, and export it.");
}
