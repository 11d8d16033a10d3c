using System.Net;
using System.Net.Http.Headers;
using OciImage.Registry.Http;

namespace OciImage.Registry.Auth;

/// <summary>Sends one request as it is to where it is for.</summary>
internal delegate ValueTask<HttpResponseMessage> RequestSending(
    RegistryHost host, HttpRequestMessage request, Transcript transcript, CancellationToken cancellationToken);

/// <summary>Answers the demands of registries: basic credentials, or an access token from the token server they name.</summary>
internal sealed class Authenticator(RegistryOptions options, RequestSending send)
{
    private readonly TokenClient _tokens = new(options, send);
    private readonly CredentialQuestions _credentials = new(options);

    /// <summary>Puts in what is known to be wanted.</summary>
    public static void Authorize(RegistryHost host, AccessNeed need, HttpRequestMessage request)
    {
        if (host.Basic.TryGetValue(host.BasicKey(need), out RegistryCredential? credential))
        {
            request.Headers.Authorization = Credentials.BasicHeader(credential);
            Credentials.Remember(request, credential);
            return;
        }

        if (host.Tokens.TryGet(need) is { } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Value);
            Credentials.Remember(request, token.Credential);
        }
    }

    /// <summary>Gets what a refusal asks for; returns whether asking again may help.</summary>
    /// <param name="host">The registry.</param>
    /// <param name="need">What the request needs to be allowed.</param>
    /// <param name="refusal">The refusal.</param>
    /// <param name="transcript">Where it is recorded.</param>
    /// <param name="isAgain">Whether what was got for this request before was refused: then only a wider scope helps.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <exception cref="RegistryException">The token server refuses, or is none that the registry may name.</exception>
    public async ValueTask<bool> TryAuthorizeAsync(
        RegistryHost host,
        AccessNeed need,
        HttpResponseMessage refusal,
        Transcript transcript,
        bool isAgain,
        CancellationToken cancellationToken)
    {
        HttpRequestMessage request = refusal.RequestMessage!;

        // Only the registry itself may ask for its credentials, not a place that it redirected to.
        if (!OriginPolicy.IsSameOrigin(host.Base, request.RequestUri!))
        {
            return false;
        }

        IReadOnlyList<Challenge> challenges = ChallengesOf(refusal);

        // A 403 is final, unless it says that the token was only too narrow (RFC 6750, section 3.1).
        // So is a second 401, unless another request took the token away before this one could use it.
        if ((refusal.StatusCode == HttpStatusCode.Forbidden || (isAgain && request.Headers.Authorization is not null)) &&
            !challenges.Any(challenge => challenge.Is("Bearer") && challenge.Error == "insufficient_scope"))
        {
            return false;
        }

        RegistryCredential? credential = await _credentials.AskAsync(host.CredentialNames, need, cancellationToken).ConfigureAwait(false);
        if (request.Headers.Authorization is null)
        {
            Credentials.Remember(request, credential is { IsEmpty: true } ? credential : null);
        }

        if (!challenges.Any(challenge => challenge.Is("Bearer") || challenge.Is("Basic")))
        {
            if (request.Headers.Authorization is not null)
            {
                // It does not say what it wants. What it got is not it: a public repository may do without.
                Forget(host, need, request);
                return IsRead(request, need);
            }

            // Some registries only say how to log in where a login is asked for.
            challenges = await AskForChallengesAsync(host, transcript, cancellationToken).ConfigureAwait(false);
        }

        foreach (Challenge challenge in challenges)
        {
            if (challenge.Is("Bearer") && (!string.IsNullOrEmpty(challenge.Realm) || credential?.RegistryToken is not null))
            {
                host.Basic.TryRemove(host.BasicKey(need), out _);
                return await TryRenewAsync(host, need, challenge, credential, request, transcript, cancellationToken)
                    .ConfigureAwait(false);
            }

            if (challenge.Is("Basic") && credential is { Username: not null, Password: not null })
            {
                if (request.Headers.Authorization?.Parameter != Credentials.BasicHeader(credential).Parameter)
                {
                    host.Basic[host.BasicKey(need)] = credential;
                    return true;
                }

                // Refused: it is not sent again on its own, and another challenge may be the one that is meant.
                host.Basic.TryRemove(host.BasicKey(need), out _);
            }
        }

        return false;
    }

    /// <summary>Buys a token without a credential for a place that the registry redirected to; <see langword="null"/> where it sells none.</summary>
    public async ValueTask<string?> TryGetStrangerTokenAsync(
        RegistryHost host, HttpResponseMessage refusal, Transcript transcript, CancellationToken cancellationToken)
    {
        Challenge? challenge = ChallengesOf(refusal).FirstOrDefault(
            challenge => challenge.Is("Bearer") && !string.IsNullOrEmpty(challenge.Realm));
        if (challenge is null)
        {
            return null;
        }

        try
        {
            AccessToken token = await _tokens
                .FetchForStrangerAsync(host, refusal.RequestMessage!.RequestUri!, challenge, transcript, cancellationToken)
                .ConfigureAwait(false);
            return token.Value;
        }
        catch (RegistryException)
        {
            // The refusal itself is the better answer.
            return null;
        }
    }

    private static IReadOnlyList<Challenge> ChallengesOf(HttpResponseMessage refusal) => Challenge.Parse(
        refusal.Headers.NonValidated.TryGetValues("WWW-Authenticate", out HeaderStringValues values) ? values : []);

    private static bool IsRead(HttpRequestMessage request, AccessNeed need) =>
        !need.IsWrite && (request.Method == HttpMethod.Get || request.Method == HttpMethod.Head);

    private static void Forget(RegistryHost host, AccessNeed need, HttpRequestMessage request)
    {
        host.Basic.TryRemove(host.BasicKey(need), out _);
        if (request.Headers.Authorization is { Scheme: "Bearer", Parameter: { } refused })
        {
            host.Tokens.Forget(need, refused);
        }
    }

    private async ValueTask<IReadOnlyList<Challenge>> AskForChallengesAsync(
        RegistryHost host, Transcript transcript, CancellationToken cancellationToken)
    {
        var ping = new HttpRequestMessage(HttpMethod.Get, host.Base);
        host.AddHeaders(ping);
        using HttpResponseMessage answer = await send(host, ping, transcript, cancellationToken).ConfigureAwait(false);

        return answer.StatusCode == HttpStatusCode.Unauthorized ? ChallengesOf(answer) : [];
    }

    private async ValueTask<bool> TryRenewAsync(
        RegistryHost host,
        AccessNeed need,
        Challenge challenge,
        RegistryCredential? credential,
        HttpRequestMessage request,
        Transcript transcript,
        CancellationToken cancellationToken)
    {
        if (request.Headers.Authorization is { Scheme: "Bearer", Parameter: { } refused })
        {
            host.Tokens.Forget(need, refused);
            if (refused == credential?.RegistryToken)
            {
                return false;
            }
        }

        // Another request may have renewed it meanwhile.
        if (host.Tokens.TryGet(need) is null)
        {
            await host.Tokens.FetchAsync(
                need,
                () => FetchAsync(host, need, challenge, credential, transcript),
                cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    // A credential that the token server refuses does not stand in the way of what anybody may read.
    private async Task<AccessToken> FetchAsync(
        RegistryHost host, AccessNeed need, Challenge challenge, RegistryCredential? credential, Transcript transcript)
    {
        try
        {
            return await _tokens.FetchAsync(host, need, challenge, credential, transcript, CancellationToken.None)
                .ConfigureAwait(false);
        }
        catch (RegistryException exception) when (
            credential is { IsEmpty: false, RegistryToken: null } && !need.IsWrite &&
            exception.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.BadRequest)
        {
            try
            {
                return await _tokens.FetchAsync(host, need, challenge, null, transcript, CancellationToken.None)
                    .ConfigureAwait(false);
            }
            catch (RegistryException)
            {
                throw exception;
            }
        }
    }
}
