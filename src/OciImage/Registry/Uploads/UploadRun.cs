using System.Globalization;
using System.Net;
using System.Runtime.ExceptionServices;
using OciImage.Registry.Http;
using OciImage.Registry.Routing;

namespace OciImage.Registry.Uploads;

/// <summary>Carries one blob through sessions until it is there.</summary>
/// <remarks>
/// <code>
/// start ─→ all in one PUT ───────────────────────────────────────→ done
///   │      └ failed: ask the session how much it has
///   │            ├ some ──→ PATCH the rest, in chunks of what the host takes ─→ PUT without a body ─→ done
///   │            └ lost ──→ start again, unless the blob is there
///   └ taken over from another repository ────────────────────────→ done
/// </code>
/// The same bytes never go to the same place of a session twice, except those that the registry says it lacks. What is
/// wrong with the content's own source ends it at once.
/// </remarks>
internal sealed class UploadRun(
    RegistryTransport transport,
    RepositoryPlace place,
    UploadBody body,
    Func<UploadSession, ValueTask> cancel,
    RegistryOptions options)
{
    // No header asks for more than this; a registry that does is not given it.
    private const long LargestMinChunk = 1L << 30;
    private const long NotWorthAsking = 1L << 20;

    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(10);

    private readonly UploadBudget _budget = new(options.MaxRetries);
    private long _limit = options.MaxUploadRequestBytes ?? long.MaxValue;
    private long _mostSent;
    private bool _asksFirst;
    private PushContent? _sending;

    /// <summary>Gets or sets the session in use; <see langword="null"/> before the first and when it is lost or done.</summary>
    public UploadSession? Session { get; set; }

    private long Size => body.Descriptor.Size;

    public async ValueTask RunAsync(
        Func<CancellationToken, ValueTask<UploadSession?>> start, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Session is null)
            {
                Session = await StartAsync(start, cancellationToken).ConfigureAwait(false);
                if (Session is null)
                {
                    return;
                }
            }

            if (await StepAsync(Session, cancellationToken).ConfigureAwait(false))
            {
                Session = null;
                return;
            }
        }
    }

    /// <summary>Returns when nothing reads the content any more, or after a while: it is disposed then.</summary>
    public async ValueTask StopAsync()
    {
        if (_sending is not null)
        {
            using var limit = new CancellationTokenSource(StopTimeout, options.TimeProvider);
            try
            {
                await _sending.StopAsync(limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Its source does not listen.
            }
        }
    }

    private async ValueTask<UploadSession?> StartAsync(
        Func<CancellationToken, ValueTask<UploadSession?>> start, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await start(cancellationToken).ConfigureAwait(false);
            }
            catch (RegistryException exception) when (exception.IsTransient && _budget.TryFail(0))
            {
                RegistryTelemetry.Retry(place.Host, "upload");
            }
        }
    }

    // Sends one request of the session; returns whether the blob is there.
    private async ValueTask<bool> StepAsync(UploadSession session, CancellationToken cancellationToken)
    {
        long left = Size - session.Offset;
        long learned = place.Host.Knowledge.UploadLimit;
        long limit = Math.Min(learned, Math.Max(_limit, Math.Min(session.MinChunk, LargestMinChunk)));
        bool isWhole = session.Offset == 0 && left <= limit;
        bool isCommit = isWhole || left == 0;
        long count = isWhole ? left : Math.Min(left, limit);
        HttpResponseMessage response;
        bool isAuthorizedAnew;
        PushContent? sending = null;
        try
        {
            (response, isAuthorizedAnew) = await transport.UploadAsync(
                place.Host,
                place.Push,
                _ => CreateRequest(session, isCommit, isWhole, count, out sending, cancellationToken),
                cancellationToken).ConfigureAwait(false);
        }
        catch (RegistryException exception) when (exception.IsTransient && body.Failure is null)
        {
            await EndAsync(session, sending, cancellationToken).ConfigureAwait(false);
            await RecoverFromSilenceAsync(session, isCommit, count, exception, cancellationToken).ConfigureAwait(false);
            return Session is null && await IsThereAsync(isCommit, cancellationToken).ConfigureAwait(false);
        }

        using (response)
        {
            if (response.IsSuccessStatusCode)
            {
                await EndAsync(session, sending, cancellationToken).ConfigureAwait(false);
                if (sending is not null && sending.Sent != count)
                {
                    throw Early(response);
                }

                if (!isCommit)
                {
                    Advance(session, response, count);
                }

                return isCommit;
            }

            RegistryException fault = await transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
            response.Dispose();
            await EndAsync(session, sending, cancellationToken).ConfigureAwait(false);
            await RecoverAsync(session, response, fault, isAuthorizedAnew, count, cancellationToken).ConfigureAwait(false);
            return false;
        }
    }

    private HttpRequestMessage CreateRequest(
        UploadSession session,
        bool isCommit,
        bool isWhole,
        long count,
        out PushContent? sending,
        CancellationToken cancellationToken)
    {
        sending = isWhole || count > 0 ? new PushContent(place.Host, body, session.Offset, count, cancellationToken) : null;
        _sending = sending;
        HttpContent content = sending ?? (HttpContent)new ByteArrayContent([]);
        content.Headers.ContentLength = count;
        if (!isCommit)
        {
            // Without a unit, both ends included (distribution-spec 1.1.1, "Pushing a blob in chunks").
            content.Headers.TryAddWithoutValidation(
                "Content-Range",
                string.Create(CultureInfo.InvariantCulture, $"{session.Offset}-{session.Offset + count - 1}"));
        }

        var request = new HttpRequestMessage(
            isCommit ? HttpMethod.Put : HttpMethod.Patch,
            isCommit ? session.CommitAddress(body.Descriptor.Digest) : session.Location)
        {
            Content = content,
        };
        if (_asksFirst && count > NotWorthAsking)
        {
            request.Headers.ExpectContinue = true;
        }

        return request;
    }

    private async ValueTask EndAsync(UploadSession session, PushContent? sending, CancellationToken cancellationToken)
    {
        if (sending is not null)
        {
            await sending.StopAsync(cancellationToken).ConfigureAwait(false);
            _mostSent = Math.Max(_mostSent, session.Offset + sending.Attempted);
        }
    }

    // What a success says of its range is often a constant; where it says something else, it is listened to within reason.
    private void Advance(UploadSession session, HttpResponseMessage response, long count)
    {
        long sent = session.Offset + count;
        long has = UploadSession.ReadRange(response) ?? sent;
        if (has < session.Offset || has > sent)
        {
            throw Bogus(response, has);
        }

        if (has < sent && !_budget.TryFail(has))
        {
            throw new RegistryException(
                $"'{place.Host.Name}' takes the bytes of '{body.Descriptor.Digest}', and keeps hardly any of them.");
        }

        session.Offset = has;
        session.Follow(response);
    }

    private async ValueTask RecoverAsync(
        UploadSession session,
        HttpResponseMessage response,
        RegistryException fault,
        bool isAuthorizedAnew,
        long count,
        CancellationToken cancellationToken)
    {
        if (body.Failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        bool isFree = false;
        switch ((int)response.StatusCode)
        {
            case 401 or 403 when isAuthorizedAnew && _budget.TryRenew(session.Offset):
            case 413 when place.Host.Knowledge.LearnUploadLimit(count):
                isFree = true;
                break;
            case 417 when _asksFirst:
                _asksFirst = false;
                break;
            case 409 when _budget.TryFail(session.Offset):
                // A request whose connection broke may still be at work there.
                break;
            case 416 when _budget.TryFail(session.Offset):
                if (UploadSession.ReadRange(response) is { } has && has <= _mostSent)
                {
                    session.Offset = has;
                    session.Follow(response);
                    return;
                }

                break;
            case 404 when _budget.TryRestart():
                Session = null;
                return;
            default:
                if (!fault.IsTransient || !_budget.TryFail(session.Offset))
                {
                    throw fault;
                }

                break;
        }

        RegistryTelemetry.Retry(place.Host, "upload");
        await AskForOffsetAsync(session, fault, isFree, cancellationToken).ConfigureAwait(false);
    }

    // The connection ended without an answer. A proxy that refuses a large body may do just that, so the next request asks
    // before it sends, and after a second time without progress the bytes go in smaller pieces.
    private async ValueTask RecoverFromSilenceAsync(
        UploadSession session, bool isCommit, long count, RegistryException exception, CancellationToken cancellationToken)
    {
        long before = session.Offset;
        if (!_budget.TryFail(before))
        {
            throw exception;
        }

        RegistryTelemetry.Retry(place.Host, "upload");
        await AskForOffsetAsync(session, exception, isFree: false, cancellationToken).ConfigureAwait(false);
        bool isStuck = (Session is null || Session.Offset == before) && count > NotWorthAsking && !(isCommit && count == 0);
        if (isStuck && _asksFirst)
        {
            _limit = Math.Max(NotWorthAsking, Math.Min(_limit, count) / 4);
        }

        _asksFirst |= isStuck;
    }

    // A restart that is free is one whose number something else bounds.
    private async ValueTask AskForOffsetAsync(
        UploadSession session, RegistryException cause, bool isFree, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            response = await transport.GetAsync(
                place.Host, place.Push, _ => new HttpRequestMessage(HttpMethod.Get, session.Location), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (RegistryException)
        {
            throw cause;
        }

        using (response)
        {
            long? has = response.IsSuccessStatusCode ? UploadSession.ReadRange(response) : null;
            if (has > _mostSent)
            {
                throw Bogus(response, has.Value);
            }

            if (has is null && response.IsSuccessStatusCode && session.Offset == 0 && _mostSent == 0)
            {
                session.Follow(response);
                return;
            }

            if (has is null)
            {
                // Lost, or it does not say: what it has is of no use then.
                if (response.StatusCode != HttpStatusCode.NotFound)
                {
                    await cancel(session).ConfigureAwait(false);
                }

                Session = isFree || _budget.TryRestart() ? null : throw cause;
                return;
            }

            session.Offset = has.Value;
            session.Follow(response);
        }
    }

    // The answer to a commit can be lost although the commit was not.
    private async ValueTask<bool> IsThereAsync(bool wasCommit, CancellationToken cancellationToken)
    {
        if (!wasCommit || !body.IsVerified)
        {
            return false;
        }

        using HttpResponseMessage response = await transport.GetAsync(
            place.Host,
            place.Pull,
            root => place.Request(HttpMethod.Head, root, $"blobs/{body.Descriptor.Digest}"),
            cancellationToken).ConfigureAwait(false);
        return response.IsSuccessStatusCode && (response.Content.Headers.ContentLength ?? Size) == Size;
    }

    private RegistryException Early(HttpResponseMessage response) => new(
        $"'{place.Host.Name}' called an upload of '{body.Descriptor.Digest}' a success before it had all of its bytes.")
    {
        StatusCode = response.StatusCode,
        RequestUri = OriginPolicy.Redacted(response.RequestMessage!.RequestUri!),
        Transcript = Transcript.Of(response.RequestMessage),
    };

    private RegistryException Bogus(HttpResponseMessage response, long has) => new(
        $"'{place.Host.Name}' says that it has {has} bytes of '{body.Descriptor.Digest}', which cannot be.")
    {
        StatusCode = response.StatusCode,
        RequestUri = OriginPolicy.Redacted(response.RequestMessage!.RequestUri!),
        Transcript = Transcript.Of(response.RequestMessage),
    };
}
