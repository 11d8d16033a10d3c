using System.Runtime.CompilerServices;
using OciImage.Content;

namespace OciImage.Server.Tests;

/// <summary>A store in which everything has many referrers with long annotations.</summary>
internal sealed class ManyReferrersStore(int count, int annotationLength) : IImageStore, IReferrerSource
{
    public async IAsyncEnumerable<Descriptor> ListReferrersAsync(
        Descriptor subject, string? artifactType, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = 0; i < count; i++)
        {
            yield return Descriptor.Create(MediaTypes.ImageManifest, BitConverter.GetBytes(i)) with
            {
                ArtifactType = artifactType,
                Annotations = new Dictionary<string, string> { ["note"] = new('x', annotationLength) },
            };
        }

        await Task.CompletedTask;
    }

    public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public ValueTask PushAsync(
        Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => new(true);

    public ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public ValueTask TagAsync(Descriptor descriptor, string reference, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();
}
