using System.Net.Http.Headers;
using OciImage.Registry.Http;

namespace OciImage.Registry.Auth;

/// <summary>Answers the demands of registries: basic credentials, or an access token from the token server they name.</summary>
internal sealed class Authenticator(
    RegistryOptions options,
    Func<RegistryHost, HttpRequestMessage, CancellationToken, ValueTask<HttpResponseMessage>> send)
{
    private readonly TokenClient _tokens = new(options, send);

    /// <summary>Puts in what is known to be wanted.</summary>
    public static void Authorize(RegistryHost host, AccessNeed need, HttpRequestMessage request)
    {
        if (host.Basic.TryGetValue(need.Repository, out RegistryCredential? credential))
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
    /// <exception cref="RegistryException">The token server refuses, or is none that the registry may name.</exception>
    public async ValueTask<bool> TryAuthorizeAsync(
        RegistryHost host, AccessNeed need, HttpResponseMessage refusal, CancellationToken cancellationToken)
    {
        HttpRequestMessage request = refusal.RequestMessage!;

        // Only the registry itself may ask for its credentials, not a place that it redirected to.
        if (!OriginPolicy.IsSameOrigin(host.Base, request.RequestUri!))
        {
            return false;
        }

        RegistryCredential? credential = options.Credentials is null
            ? null
            : await options.Credentials.GetCredentialAsync(host.Name, need.Repository, cancellationToken).ConfigureAwait(false);
        if (request.Headers.Authorization is null)
        {
            Credentials.Remember(request, credential is { IsEmpty: true } ? credential : null);
        }

        IReadOnlyList<Challenge> challenges = Challenge.Parse(
            refusal.Headers.NonValidated.TryGetValues("WWW-Authenticate", out HeaderStringValues values) ? values : []);
        foreach (Challenge challenge in challenges)
        {
            if (challenge.Is("Bearer") && (!string.IsNullOrEmpty(challenge.Realm) || credential?.RegistryToken is not null))
            {
                return await TryRenewAsync(host, need, challenge, credential, request, cancellationToken).ConfigureAwait(false);
            }

            if (challenge.Is("Basic") && credential is { Username: not null, Password: not null })
            {
                bool isNew = request.Headers.Authorization?.Parameter != Credentials.BasicHeader(credential).Parameter;
                host.Basic[need.Repository] = credential;
                return isNew;
            }
        }

        return false;
    }

    private async ValueTask<bool> TryRenewAsync(
        RegistryHost host,
        AccessNeed need,
        Challenge challenge,
        RegistryCredential? credential,
        HttpRequestMessage request,
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
                () => _tokens.FetchAsync(host, need, challenge, credential, CancellationToken.None),
                cancellationToken).ConfigureAwait(false);
        }

        return true;
    }
}
