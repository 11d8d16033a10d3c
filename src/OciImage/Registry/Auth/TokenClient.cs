using System.Net;
using OciImage.Registry.Http;

namespace OciImage.Registry.Auth;

/// <summary>Buys access tokens from token servers, by GET or by the OAuth2 POST, whichever the server takes.</summary>
/// <remarks>
/// A refresh token, the user's or one that the server gave before, goes by POST; a password by GET. Where the server does not
/// know the one, the other is tried (distribution's token specification and its OAuth2 supplement).
/// </remarks>
internal sealed class TokenClient(RegistryOptions options, RequestSending send)
{
    // The least that is promised, also where the server says nothing (distribution's token specification). It is counted
    // from here: clocks differ, and a token that ends earlier is refused and fetched anew.
    private static readonly TimeSpan ShortestLifetime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestLifetime = TimeSpan.FromHours(24);

    private readonly TokenRequests _requests = new(send);

    public async Task<AccessToken> FetchAsync(
        RegistryHost host,
        AccessNeed need,
        Challenge challenge,
        RegistryCredential? credential,
        Transcript transcript,
        CancellationToken cancellationToken)
    {
        DateTimeOffset asked = options.TimeProvider.GetUtcNow();
        if (credential?.RegistryToken is { } given)
        {
            return IsToken(given)
                ? new AccessToken(given, asked + LongestLifetime, credential)
                : throw new RegistryException($"The access token of {credential} is none: visible ASCII is expected.");
        }

        Uri realm = host.Policy.Resolve(host.Base, challenge.Realm!, "token realm");
        host.Policy.Check(host.Base, realm, "token realm");
        var question = new TokenQuestion(
            host, realm, challenge.Service ?? "", need.Scopes(challenge.Scope), credential is { IsEmpty: false } ? credential : null, transcript);

        return await AskAsync(question, credential, asked, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Buys a token for a place that the registry redirected to: without a credential, and for what the place asks for.</summary>
    public async Task<AccessToken> FetchForStrangerAsync(
        RegistryHost host, Uri place, Challenge challenge, Transcript transcript, CancellationToken cancellationToken)
    {
        DateTimeOffset asked = options.TimeProvider.GetUtcNow();
        Uri realm = host.Policy.Resolve(place, challenge.Realm!, "token realm");
        host.Policy.Check(place, realm, "token realm");
        string[] scopes = (challenge.Scope ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var question = new TokenQuestion(host, realm, challenge.Service ?? "", scopes, null, transcript);

        return await AskAsync(question, null, asked, cancellationToken).ConfigureAwait(false);
    }

    private static bool IsToken(string? text) =>
        !string.IsNullOrEmpty(text) && !text.AsSpan().ContainsAnyExceptInRange('!', '~');

    private static TimeSpan Lifetime(double? seconds) =>
        seconds is not > 60 ? ShortestLifetime
        : seconds >= LongestLifetime.TotalSeconds ? LongestLifetime
        : TimeSpan.FromSeconds(seconds.Value);

    private async Task<AccessToken> AskAsync(
        TokenQuestion question, RegistryCredential? credential, DateTimeOffset asked, CancellationToken cancellationToken)
    {
        RefreshKey? key = question.Credential is { } known
            ? new RefreshKey(question.Realm.AbsoluteUri, question.Service, known)
            : null;
        using HttpResponseMessage response = await ExchangeAsync(question, key, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw await RegistryFault.OfAsync(response, options, cancellationToken).ConfigureAwait(false);
        }

        using BufferedAnswer body = await CappedBody
            .ReadStartAsync(response, CappedBody.TokenLimit, options.IdleTimeout, cancellationToken)
            .ConfigureAwait(false);
        TokenAnswer answer = CappedBody.ParseJson(body.WholeBody(), question.Realm, RegistryJsonContext.Default.TokenAnswer);
        string? token = string.IsNullOrEmpty(answer.Token) ? answer.AccessToken : answer.Token;
        if (!IsToken(token))
        {
            throw new RegistryException($"The token server '{OriginPolicy.Redact(question.Realm)}' answered without a token.")
            {
                RequestUri = OriginPolicy.Redacted(question.Realm),
                Transcript = Transcript.Of(response.RequestMessage!),
            };
        }

        if (key is not null && IsToken(answer.RefreshToken))
        {
            question.Host.Tokens.RefreshTokens[key] = answer.RefreshToken!;
        }

        return new AccessToken(token!, asked + Lifetime(answer.ExpiresIn), credential);
    }

    private async ValueTask<HttpResponseMessage> ExchangeAsync(
        TokenQuestion question, RefreshKey? key, CancellationToken cancellationToken)
    {
        if (key is not null && question.Host.Tokens.RefreshTokens.TryGetValue(key, out string? refresh))
        {
            HttpResponseMessage refreshed = await _requests.PostRefreshAsync(question, refresh, cancellationToken).ConfigureAwait(false);
            if (refreshed.IsSuccessStatusCode)
            {
                return refreshed;
            }

            // It ended; what bought it is still there.
            refreshed.Dispose();
            question.Host.Tokens.RefreshTokens.TryRemove(new(key, refresh));
        }

        RegistryCredential? credential = question.Credential;
        bool isIdentity = credential?.IdentityToken is not null;
        HttpResponseMessage first = isIdentity
            ? await _requests.PostRefreshAsync(question, credential!.IdentityToken!, cancellationToken).ConfigureAwait(false)
            : await _requests.GetAsync(question, credential?.Username, credential?.Password, cancellationToken).ConfigureAwait(false);
        if (credential is null || !IsOtherWayWorthwhile(first.StatusCode, isIdentity))
        {
            return first;
        }

        HttpResponseMessage second;
        try
        {
            second = isIdentity
                ? await _requests.GetAsync(question, credential.Username ?? "token", credential.IdentityToken, cancellationToken)
                    .ConfigureAwait(false)
                : await _requests.PostPasswordAsync(question, credential, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            first.Dispose();
            throw;
        }

        if (second.IsSuccessStatusCode)
        {
            first.Dispose();
            return second;
        }

        second.Dispose();
        return first;
    }

    // A server that has no such entrance says 404 or 405; some answer a POST that they do not know as a bad request.
    private static bool IsOtherWayWorthwhile(HttpStatusCode status, bool wasPost) =>
        status is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented ||
        (wasPost && status is HttpStatusCode.BadRequest or HttpStatusCode.UnsupportedMediaType);
}
