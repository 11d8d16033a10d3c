using System.Runtime.CompilerServices;
using OciImage.Content;
using OciImage.Engines;
using OciImage.Layout;

namespace OciImage.Cli.Locations;

/// <summary>The tags of a repository at Docker, with a layout where an image is put together that Docker shall load.</summary>
internal sealed class DockerDaemonStore(DockerEngine engine, OciLayout staging, ImageReference? name)
    : IImageStore, IReferenceLister, IReferenceUntagger, IUncheckedParents
{
    private string Repository => name is null ? "" : $"{name.Registry}/{name.Repository}";

    public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        staging.OpenReadAsync(descriptor, cancellationToken);

    public ValueTask PushAsync(Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default) =>
        staging.PushAsync(descriptor, content, cancellationToken);

    public ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        staging.ExistsAsync(descriptor, cancellationToken);

    public ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default) =>
        staging.ResolveAsync(reference, cancellationToken);

    public ValueTask TagAsync(Descriptor descriptor, string reference, CancellationToken cancellationToken = default) =>
        staging.TagAsync(descriptor, reference, cancellationToken);

    public ValueTask UntagAsync(string reference, CancellationToken cancellationToken = default) =>
        engine.RemoveAsync($"{Repository}:{reference}", cancellationToken);

    public async IAsyncEnumerable<string> ListReferencesAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (string reference in engine.ListReferencesAsync(cancellationToken))
        {
            if (name is null)
            {
                yield return reference;
            }
            else if (ImageReference.TryParse(reference, out ImageReference? parsed) &&
                parsed.Registry == name.Registry && parsed.Repository == name.Repository && parsed.Tag is { } tag)
            {
                yield return tag;
            }
        }
    }

    /// <summary>Gives Docker what was put together.</summary>
    /// <exception cref="NotSupportedException">There is more than one image, as there is with digest tags.</exception>
    public async Task LoadAsync(Descriptor root, string tag, CancellationToken cancellationToken)
    {
        await foreach (string other in staging.ListReferencesAsync(cancellationToken))
        {
            if (other != tag)
            {
                throw new NotSupportedException($"Docker holds images alone; '{other}' cannot go there.");
            }
        }

        await engine.LoadAsync(staging, root, [$"{Repository}:{tag}"], cancellationToken: cancellationToken);
    }
}
