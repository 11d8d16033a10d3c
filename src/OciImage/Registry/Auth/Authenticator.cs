using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using OciImage.Registry.Http;

namespace OciImage.Registry.Auth;

/// <summary>Answers the demands of registries: basic credentials, or an access token from the token server they name.</summary>
internal sealed class Authenticator(
    RegistryOptions options, Func<RegistryHost, HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> send)
{
    private readonly TokenClient _tokens = new(options, send);

    // What a registry demanded once it will demand again: the next request brings it along.
    private readonly ConcurrentDictionary<(string Host, AccessNeed Need), string> _presented = new();

    /// <summary>Returns the header that is known to be wanted, or <see langword="null"/>.</summary>
    public AuthenticationHeaderValue? TryGetHeader(RegistryHost host, AccessNeed need)
    {
        if (host.Basic.TryGetValue(need.Repository, out RegistryCredential? credential))
        {
            return BasicHeader(credential);
        }

        if (host.Tokens.TryGet(need) is { } token)
        {
            _presented[(host.Name, need)] = token;
            return new AuthenticationHeaderValue("Bearer", token);
        }

        return null;
    }

    /// <summary>Gets what a refusal asks for; returns whether asking again may help.</summary>
    public async ValueTask<bool> TryAuthorizeAsync(
        RegistryHost host, AccessNeed need, HttpResponseMessage refusal, CancellationToken cancellationToken)
    {
        // Only the registry itself may ask for its credentials, not a place that it redirected to.
        if (!OriginPolicy.IsSameOrigin(host.Base, refusal.RequestMessage!.RequestUri!))
        {
            return false;
        }

        IReadOnlyList<Challenge> challenges = Challenge.Parse(
            refusal.Headers.NonValidated.TryGetValues("WWW-Authenticate", out HeaderStringValues values) ? values : []);
        RegistryCredential? credential = await FindCredentialAsync(host, need, cancellationToken).ConfigureAwait(false);
        foreach (Challenge challenge in challenges)
        {
            if (challenge.Is("Bearer") && !string.IsNullOrEmpty(challenge.Realm))
            {
                if (_presented.TryRemove((host.Name, need), out string? refused))
                {
                    host.Tokens.Forget(need, refused);
                }

                await host.Tokens.FetchAsync(
                    need,
                    () => _tokens.FetchAsync(host, need, challenge, credential, CancellationToken.None),
                    cancellationToken).ConfigureAwait(false);
                return true;
            }

            if (challenge.Is("Basic") && credential is { Username: not null, Password: not null })
            {
                return host.Basic.TryAdd(need.Repository, credential);
            }
        }

        return false;
    }

    /// <summary>Says with what a request was asked, for messages.</summary>
    public async ValueTask<string> DescribeAsync(RegistryHost host, AccessNeed need, CancellationToken cancellationToken)
    {
        RegistryCredential? credential = await FindCredentialAsync(host, need, cancellationToken).ConfigureAwait(false);
        return credential is null ? "anonymously" : $"with the credential of {credential}";
    }

    private async ValueTask<RegistryCredential?> FindCredentialAsync(
        RegistryHost host, AccessNeed need, CancellationToken cancellationToken) =>
        options.Credentials is null
            ? null
            : await options.Credentials.GetCredentialAsync(host.Name, need.Repository, cancellationToken).ConfigureAwait(false);

    internal static AuthenticationHeaderValue BasicHeader(RegistryCredential credential) => new(
        "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.Username}:{credential.Password}")));
}
