using System.Net;
using OciImage.Content;
using OciImage.Registry.Http;
using OciImage.Registry.Routing;
using OciImage.Registry.Uploads;

namespace OciImage.Registry;

/// <summary>Removes a tag and leaves what it points to, also where the registry can only remove manifests.</summary>
/// <remarks>
/// Such a registry removes a manifest with every tag that points to it. So the tag is moved to a manifest that nothing else
/// names, and that one is removed. Where that fails half-way the tag is put back.
/// </remarks>
internal sealed class TagRemoval(
    RegistryTransport transport, ManifestReader manifests, ManifestWriter writer, BlobUploader uploads)
{
    public async ValueTask RemoveAsync(RepositoryPlace place, string tag, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await writer.SendDeleteAsync(place, $"manifests/{tag}", cancellationToken)
            .ConfigureAwait(false);
        if (response.StatusCode is not (HttpStatusCode.BadRequest or HttpStatusCode.MethodNotAllowed))
        {
            await writer.CheckDeletedAsync(
                place, response, () => ContentNotFoundException.ForReference(tag, place.ToString()), cancellationToken)
                .ConfigureAwait(false);
            return;
        }

        RegistryException refusal = await transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
        FetchedManifest original = await manifests.FetchAtAsync(place, tag, repeat: true, cancellationToken).ConfigureAwait(false);
        await uploads.PushAsync(Descriptor.Empty, ReplayableContent.FromBytes("{}"u8.ToArray()), cancellationToken)
            .ConfigureAwait(false);
        OciDocument<ImageManifest> stand = CreateStandIn();
        await writer.PutAsync(place, stand.Descriptor, stand.Bytes, tag, cancellationToken).ConfigureAwait(false);
        try
        {
            using HttpResponseMessage removal = await writer
                .SendDeleteAsync(place, $"manifests/{stand.Descriptor.Digest}", cancellationToken)
                .ConfigureAwait(false);
            if (!removal.IsSuccessStatusCode)
            {
                throw refusal;
            }
        }
        catch
        {
            // Also when the caller gave up: a tag that names the stand-in is worse than a late answer.
            await writer.PutAsync(place, original.Descriptor, original.Bytes, tag, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    private static OciDocument<ImageManifest> CreateStandIn() => OciDocument<ImageManifest>.Create(new ImageManifest
    {
        MediaType = MediaTypes.ImageManifest,
        ArtifactType = "application/vnd.ocimage.removed-tag.v1",
        Config = Descriptor.Empty,
        Layers = [Descriptor.Empty],
        Annotations = new Dictionary<string, string> { ["org.ocimage.nonce"] = Guid.NewGuid().ToString("N") },
    });
}
