using Microsoft.AspNetCore.Http;
using OciImage.Content;
using OciImage.Server.Authorization;
using OciImage.Server.Blobs;
using OciImage.Server.Refusals;
using OciImage.Server.Routing;

namespace OciImage.Server.Uploads;

/// <summary>Takes blobs in.</summary>
internal sealed class UploadHandler(UploadSessions sessions, AccessGate gate, RegistryServerOptions options)
{
    private const string BlobMediaType = "application/octet-stream";

    /// <summary>Mounts a blob, takes one in at once, or begins an upload.</summary>
    public async ValueTask StartAsync(RegistryRequest request)
    {
        Digest? mount = request.Query("mount") is { } text ? RegistryRequest.ReadDigest(text) : null;
        Digest? digest = request.Query("digest") is { } given ? RegistryRequest.ReadVerifiableDigest(given) : null;
        if (request.Query("digest-algorithm") is not (null or Digest.Sha256 or Digest.Sha512))
        {
            throw Refusal.DigestInvalid("The digest algorithm is not supported; sha256 and sha512 are.");
        }

        IImageStore store = await request.OpenStoreAsync(create: true).ConfigureAwait(false);
        if (mount is { } mounted && await TryMountAsync(request, store, mounted).ConfigureAwait(false))
        {
            Responses.Created(request, request.BlobLocation(mounted), mounted);
            return;
        }

        UploadSession session = await sessions.StartAsync(request.Repository, Ingester(store), request.Aborted)
            .ConfigureAwait(false);
        if (digest is { } expected && mount is null)
        {
            await TakeAtOnceAsync(request, session, expected).ConfigureAwait(false);
            return;
        }

        request.Response.StatusCode = StatusCodes.Status202Accepted;
        Describe(request, session);
    }

    public async ValueTask GetStatusAsync(RegistryRequest request)
    {
        UploadSession session = await FindAsync(request).ConfigureAwait(false);
        request.Response.StatusCode = StatusCodes.Status204NoContent;
        Describe(request, session);
    }

    public async ValueTask AppendAsync(RegistryRequest request)
    {
        UploadSession session = await EnterAsync(request).ConfigureAwait(false);
        try
        {
            await AppendBodyAsync(request, session).ConfigureAwait(false);
            request.Response.StatusCode = StatusCodes.Status202Accepted;
            Describe(request, session);
        }
        finally
        {
            session.Leave();
        }
    }

    public async ValueTask CompleteAsync(RegistryRequest request)
    {
        Digest digest = RegistryRequest.ReadVerifiableDigest(request.Query("digest"));
        UploadSession session = await EnterAsync(request).ConfigureAwait(false);
        try
        {
            await AppendBodyAsync(request, session).ConfigureAwait(false);
            await CommitAsync(request, session, digest).ConfigureAwait(false);
        }
        finally
        {
            session.Leave();
        }
    }

    public async ValueTask CancelAsync(RegistryRequest request)
    {
        UploadSession session = await EnterAsync(request).ConfigureAwait(false);
        try
        {
            await sessions.EndAsync(session).ConfigureAwait(false);
        }
        finally
        {
            session.Leave();
        }

        request.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static IContentIngester Ingester(IImageStore store) =>
        store as IContentIngester ?? throw Refusal.NoCapability("take uploads");

    private static void Describe(RegistryRequest request, UploadSession session)
    {
        // An upload without bytes has no last byte; the specification's form leaves no other answer than 0-0.
        request.Response.Headers.Location = request.UploadLocation(session.Id);
        request.Response.Headers.Range = $"0-{Math.Max(0, session.Offset - 1)}";
        request.Response.Headers["Docker-Upload-UUID"] = session.Id;
        if (request.Response.StatusCode == StatusCodes.Status202Accepted)
        {
            request.Response.ContentLength = 0;
        }
    }

    private static Refusal Refuse(RegistryRequest request, UploadSession session, int statusCode, string message)
    {
        Describe(request, session);
        return Refusal.UploadInvalid(statusCode, message);
    }

    private async ValueTask<bool> TryMountAsync(RegistryRequest request, IImageStore target, Digest digest)
    {
        try
        {
            await target.ResolveAsync(digest.ToString(), request.Aborted).ConfigureAwait(false);
            return true;
        }
        catch (ContentNotFoundException)
        {
            // Then it has to come from elsewhere.
        }

        if (request.Query("from") is not { } from || target is not IBlobMounter mounter)
        {
            return false;
        }

        if (!NameRules.IsRepository(from))
        {
            throw Refusal.NameInvalid(from);
        }

        // What may not be read there is as if it were not there.
        if (!await gate.IsAllowedAsync(request.Http, RegistryAction.Pull, from).ConfigureAwait(false) ||
            await request.Repositories.GetAsync(from, create: false, request.Aborted).ConfigureAwait(false) is not { } source)
        {
            return false;
        }

        try
        {
            Descriptor descriptor = await source.ResolveAsync(digest.ToString(), request.Aborted).ConfigureAwait(false);
            return await mounter.TryMountAsync(descriptor, source, request.Aborted).ConfigureAwait(false);
        }
        catch (ContentNotFoundException)
        {
            return false;
        }
    }

    private async ValueTask TakeAtOnceAsync(RegistryRequest request, UploadSession session, Digest digest)
    {
        // Nobody else knows the id, and nobody could go on with it after a failure.
        await session.TryEnterAsync(Timeout.InfiniteTimeSpan, CancellationToken.None).ConfigureAwait(false);
        try
        {
            await AppendBodyAsync(request, session).ConfigureAwait(false);
            await CommitAsync(request, session, digest).ConfigureAwait(false);
        }
        finally
        {
            if (!session.HasEnded)
            {
                await sessions.EndAsync(session).ConfigureAwait(false);
            }

            session.Leave();
        }
    }

    private async ValueTask<UploadSession> FindAsync(RegistryRequest request)
    {
        IImageStore store = await request.OpenStoreAsync().ConfigureAwait(false);
        return await sessions.FindAsync(request.Reference, request.Repository, Ingester(store), request.Aborted)
            .ConfigureAwait(false);
    }

    // One request at a time. Who waited for another one, and finds bytes that it did not know of, has lost.
    private async ValueTask<UploadSession> EnterAsync(RegistryRequest request)
    {
        UploadSession session = await FindAsync(request).ConfigureAwait(false);
        long before = session.Offset;
        if (!await session.TryEnterAsync(options.BusyUploadWait, request.Aborted).ConfigureAwait(false))
        {
            throw Refuse(request, session, StatusCodes.Status409Conflict, "Another request is writing to this upload.");
        }

        if (session.HasEnded)
        {
            session.Leave();
            throw Refusal.UploadUnknown();
        }

        if (session.Offset != before && !HttpMethods.IsDelete(request.Http.Request.Method) &&
            request.Http.Request.Headers.ContentRange.Count == 0)
        {
            session.Leave();
            throw Refuse(
                request, session, StatusCodes.Status416RangeNotSatisfiable, "Another request has written to this upload.");
        }

        return session;
    }

    private async ValueTask AppendBodyAsync(RegistryRequest request, UploadSession session)
    {
        HttpRequest http = request.Http.Request;
        RequestBody.LiftLimit(request.Http);
        long room = options.MaxBlobSize - session.Offset;
        long? announced = http.ContentLength;
        if (http.Headers.ContentRange.Count > 0)
        {
            announced = ReadRange(request, session).Length;
        }

        if (announced > room)
        {
            throw Refusal.TooLarge($"The blob has more than {options.MaxBlobSize} bytes.");
        }

        (long taken, bool hasMore) = await RequestBody
            .AppendAsync(request.Http, session, Math.Min(announced ?? room, room)).ConfigureAwait(false);
        if (hasMore && announced is null)
        {
            throw Refusal.TooLarge($"The blob has more than {options.MaxBlobSize} bytes.");
        }

        if (hasMore || (announced is { } length && taken != length))
        {
            throw Refuse(request, session, StatusCodes.Status400BadRequest, "The chunk has another length than announced.");
        }
    }

    private static ContentRange ReadRange(RegistryRequest request, UploadSession session)
    {
        HttpRequest http = request.Http.Request;
        if (!ContentRange.TryParse(http.Headers.ContentRange, out ContentRange range))
        {
            throw Refuse(
                request, session, StatusCodes.Status400BadRequest, "The content range has not the form 'first-last'.");
        }

        if (range.First != session.Offset)
        {
            throw Refuse(
                request,
                session,
                StatusCodes.Status416RangeNotSatisfiable,
                $"The chunk starts at {range.First}, expected {session.Offset}.");
        }

        if (http.ContentLength is { } length && length != range.Length)
        {
            throw Refusal.SizeInvalid($"The chunk has {length} bytes, but its range {range.Length}.");
        }

        return range;
    }

    private async ValueTask CommitAsync(RegistryRequest request, UploadSession session, Digest digest)
    {
        try
        {
            await session.CommitAsync(BlobMediaType, digest, request.Aborted).ConfigureAwait(false);
        }
        catch (ContentVerificationException exception)
        {
            // More bytes cannot mend it.
            await sessions.EndAsync(session).ConfigureAwait(false);
            throw Refusal.DigestInvalid(exception.Message, digest.ToString());
        }

        await sessions.EndAsync(session).ConfigureAwait(false);
        Responses.Created(request, request.BlobLocation(digest), digest);
    }
}
