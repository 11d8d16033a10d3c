using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using OciImage.Engines.Protocol;

namespace OciImage.Engines;

/// <summary>Asks a containerd for content and its labels.</summary>
internal sealed class ContainerdContent(ContainerdConnection connection)
{
    /// <summary>Returns what containerd knows of content, or <see langword="null"/> where this namespace has none.</summary>
    public async Task<Info?> FindAsync(Digest digest, CancellationToken cancellationToken)
    {
        try
        {
            InfoResponse answer = await connection.AskAsync(
                $"look for '{digest}'",
                options => connection.Content.InfoAsync(new InfoRequest { Digest = digest.ToString() }, options),
                null,
                cancellationToken).ConfigureAwait(false);
            return answer.Info ?? throw connection.Socket.Error(
                EngineErrorKind.InvalidAnswer, $"Cannot look for '{digest}': containerd's answer says nothing.");
        }
        catch (EngineException exception) when (exception.Kind == EngineErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>Returns what containerd knows of content that must be there, with the size that is expected.</summary>
    public async Task<Info> RequireAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        if (!descriptor.Digest.CanVerify)
        {
            throw new ContentVerificationException(
                descriptor,
                $"Content '{descriptor.Digest}' cannot be verified: the algorithm '{descriptor.Digest.Algorithm}' is not sha256 or sha512.");
        }

        Info info = await FindAsync(descriptor.Digest, cancellationToken).ConfigureAwait(false) ?? throw Missing(descriptor);
        return info.Size == descriptor.Size
            ? info
            : throw new ContentVerificationException(
                descriptor, $"Content '{descriptor.Digest}' has {info.Size} bytes, expected {descriptor.Size}.");
    }

    /// <summary>Changes labels; <see langword="null"/> removes one.</summary>
    public async Task LabelAsync(Digest digest, IReadOnlyDictionary<string, string?> changes, CancellationToken cancellationToken)
    {
        if (changes.Count == 0)
        {
            return;
        }

        var request = new UpdateRequest { Info = new Info { Digest = digest.ToString() }, UpdateMask = new FieldMask() };
        foreach ((string key, string? value) in changes)
        {
            ContentLabels.Check(key, value);
            request.UpdateMask.Paths.Add("labels." + key);
            request.Info.Labels[key] = value ?? "";
        }

        try
        {
            await connection.AskAsync(
                $"label '{digest}'", options => connection.Content.UpdateAsync(request, options), null, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (EngineException exception) when (exception.Kind == EngineErrorKind.NotFound)
        {
            throw ContentNotFoundException.ForDigest(digest, connection.Place);
        }
    }

    /// <summary>Removes content from the namespace.</summary>
    public async Task DeleteAsync(Digest digest, CancellationToken cancellationToken)
    {
        try
        {
            await connection.AskAsync(
                $"delete '{digest}'",
                options => connection.Content.DeleteAsync(new DeleteContentRequest { Digest = digest.ToString() }, options),
                null,
                cancellationToken).ConfigureAwait(false);
        }
        catch (EngineException exception) when (exception.Kind == EngineErrorKind.NotFound)
        {
            throw ContentNotFoundException.ForDigest(digest, connection.Place);
        }
    }

    // The usual cause is no damage: of an image that was pulled, containerd keeps one platform.
    private ContentNotFoundException Missing(Descriptor descriptor) =>
        MediaTypes.IsManifestOrIndex(descriptor.MediaType) && descriptor.Platform is { } platform
            ? new ContentNotFoundException(
                $"Content '{descriptor.Digest}' for '{platform}' is not in '{connection.Place}'. Of an image that was pulled, " +
                "containerd keeps what its own platform needs: choose that one.")
            : ContentNotFoundException.ForDigest(descriptor.Digest, connection.Place);
}
