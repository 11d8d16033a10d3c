using System.Net;
using OciImage.Content;
using OciImage.Registry.Http;
using OciImage.Registry.Routing;
using OciImage.Registry.Uploads;

namespace OciImage.Registry.Manifests;

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

        // Before the tag is touched: whether this registry removes manifests at all.
        OciDocument<ImageManifest> trial = CreateStandIn();
        await writer.PutAsync(place, trial.Descriptor, trial.Bytes, trial.Descriptor.Digest.ToString(), cancellationToken)
            .ConfigureAwait(false);
        await RemoveAsync(place, trial.Descriptor, refusal, cancellationToken).ConfigureAwait(false);

        // From here on it is too late to give up: a request that is called off may have been carried out.
        cancellationToken.ThrowIfCancellationRequested();
        OciDocument<ImageManifest> stand = CreateStandIn();
        try
        {
            await writer.PutAsync(place, stand.Descriptor, stand.Bytes, tag, CancellationToken.None).ConfigureAwait(false);
            await RemoveAsync(place, stand.Descriptor, refusal, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception cause)
        {
            await RestoreAsync(place, tag, stand.Descriptor, original, cause).ConfigureAwait(false);
            throw;
        }
    }

    private async ValueTask RemoveAsync(
        RepositoryPlace place, Descriptor descriptor, RegistryException refusal, CancellationToken cancellationToken)
    {
        using HttpResponseMessage removal = await writer
            .SendDeleteAsync(place, $"manifests/{descriptor.Digest}", cancellationToken)
            .ConfigureAwait(false);
        if (!removal.IsSuccessStatusCode)
        {
            throw refusal;
        }
    }

    // Only where the tag names the stand-in: what somebody else has tagged meanwhile stays.
    private async ValueTask RestoreAsync(
        RepositoryPlace place, string tag, Descriptor stand, FetchedManifest original, Exception cause)
    {
        try
        {
            FetchedManifest current = await manifests.FetchAtAsync(place, tag, repeat: true, CancellationToken.None).ConfigureAwait(false);
            if (current.Descriptor.Digest == stand.Digest)
            {
                await writer.PutAsync(place, original.Descriptor, original.Bytes, tag, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (ContentNotFoundException)
        {
            // It is gone, which is what was wanted.
        }
        catch (OciException failure)
        {
            throw new RegistryException(
                $"The tag '{tag}' of '{place}' could not be removed, and may name a stand-in now; it named " +
                $"'{original.Descriptor.Digest}'. {Excerpt.Of(failure.Message)}",
                cause);
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
