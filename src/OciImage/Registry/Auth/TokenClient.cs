using System.Globalization;
using System.Net;
using OciImage.Registry.Http;

namespace OciImage.Registry.Auth;

/// <summary>Fetches access tokens from token servers, by GET or, with an identity token, by the OAuth2 POST.</summary>
internal sealed class TokenClient(
    RegistryOptions options, Func<RegistryHost, HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> send)
{
    private const string ClientId = "ocimage";
    private const int MaxRedirects = 5;

    // What is promised where the server does not say (distribution's token specification).
    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestLifetime = TimeSpan.FromHours(24);

    public async Task<AccessToken> FetchAsync(
        RegistryHost host, AccessNeed need, Challenge challenge, RegistryCredential? credential, CancellationToken cancellationToken)
    {
        DateTimeOffset asked = options.TimeProvider.GetUtcNow();
        if (credential?.RegistryToken is { } given)
        {
            return new AccessToken(given, asked + LongestLifetime);
        }

        Uri realm = OriginPolicy.Resolve(host.Base, challenge.Realm!, "token realm");
        OriginPolicy.Check(host.Base, realm, "token realm", host.Privacy);
        IReadOnlyList<string> scopes = need.Scopes(challenge.Scope);
        using HttpResponseMessage response = credential?.IdentityToken is { } identity
            ? await PostAsync(host, realm, challenge, scopes, identity, cancellationToken).ConfigureAwait(false)
            : await GetAsync(host, realm, challenge, scopes, credential, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            string who = credential is null ? "anonymously" : $"with the credential of {credential}";
            throw await RegistryFault
                .OfAsync(response, who, options.TimeProvider, options.IdleTimeout, cancellationToken)
                .ConfigureAwait(false);
        }

        TokenAnswer answer = await CappedBody.ReadJsonAsync(
            response, CappedBody.TokenLimit, RegistryJsonContext.Default.TokenAnswer, options.IdleTimeout, cancellationToken)
            .ConfigureAwait(false);
        string? token = string.IsNullOrEmpty(answer.Token) ? answer.AccessToken : answer.Token;
        if (string.IsNullOrEmpty(token) || token.Any(c => c is <= ' ' or > '~'))
        {
            throw new RegistryException($"The token server '{OriginPolicy.Redact(realm)}' answered without a token.")
            {
                RequestUri = OriginPolicy.Redacted(realm),
            };
        }

        return new AccessToken(token, asked + Lifetime(answer.ExpiresIn));
    }

    private static TimeSpan Lifetime(double? seconds) =>
        seconds is > 0 and < 86_400 ? TimeSpan.FromSeconds(seconds.Value)
        : seconds >= 86_400 ? LongestLifetime
        : DefaultLifetime;

    private async ValueTask<HttpResponseMessage> GetAsync(
        RegistryHost host,
        Uri realm,
        Challenge challenge,
        IReadOnlyList<string> scopes,
        RegistryCredential? credential,
        CancellationToken cancellationToken)
    {
        var query = new List<string>();
        if (realm.Query.Length > 1)
        {
            query.Add(realm.Query[1..]);
        }

        Add(query, "service", challenge.Service);
        foreach (string scope in scopes)
        {
            Add(query, "scope", scope);
        }

        bool hasPassword = credential is { Username: not null, Password: not null };
        if (hasPassword)
        {
            Add(query, "account", credential!.Username);
        }

        Uri uri = new UriBuilder(realm) { Query = string.Join('&', query), Fragment = "" }.Uri;
        for (int hop = 0; ; hop++)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, uri);
            if (hasPassword && OriginPolicy.IsSameOrigin(realm, uri))
            {
                request.Headers.Authorization = Authenticator.BasicHeader(credential!);
            }

            HttpResponseMessage response = await send(host, request, cancellationToken).ConfigureAwait(false);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is null ||
                hop == MaxRedirects)
            {
                return response;
            }

            Uri next = OriginPolicy.Resolve(uri, response.Headers.Location.OriginalString, "redirect of a token server");
            response.Dispose();
            OriginPolicy.Check(uri, next, "redirect of a token server", host.Privacy);
            uri = next;
        }
    }

    private Task<HttpResponseMessage> PostAsync(
        RegistryHost host,
        Uri realm,
        Challenge challenge,
        IReadOnlyList<string> scopes,
        string identityToken,
        CancellationToken cancellationToken)
    {
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "refresh_token",
            ["refresh_token"] = identityToken,
            ["client_id"] = ClientId,
            ["scope"] = string.Join(' ', scopes),
            ["service"] = challenge.Service ?? "",
        };

        return send(host, new HttpRequestMessage(HttpMethod.Post, realm) { Content = new FormUrlEncodedContent(form) }, cancellationToken);
    }

    private static void Add(List<string> query, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            query.Add(string.Create(CultureInfo.InvariantCulture, $"{name}={Uri.EscapeDataString(value)}"));
        }
    }
}
