using System.Globalization;
using System.Net;
using OciImage.Registry.Http;

namespace OciImage.Registry.Auth;

/// <summary>Fetches access tokens from token servers, by GET or, with an identity token, by the OAuth2 POST.</summary>
internal sealed class TokenClient(
    RegistryOptions options, Func<RegistryHost, HttpRequestMessage, CancellationToken, ValueTask<HttpResponseMessage>> send)
{
    private const string ClientId = "ocimage";
    private const int MaxRedirects = 5;

    // The least that is promised, also where the server says nothing (distribution's token specification). It is counted
    // from here: clocks differ, and a token that ends earlier is refused and fetched anew.
    private static readonly TimeSpan ShortestLifetime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestLifetime = TimeSpan.FromHours(24);

    public async Task<AccessToken> FetchAsync(
        RegistryHost host, AccessNeed need, Challenge challenge, RegistryCredential? credential, CancellationToken cancellationToken)
    {
        DateTimeOffset asked = options.TimeProvider.GetUtcNow();
        if (credential?.RegistryToken is { } given)
        {
            if (!IsToken(given))
            {
                throw new RegistryException($"The access token of {credential} is none: visible ASCII is expected.");
            }

            return new AccessToken(given, asked + LongestLifetime, credential);
        }

        Uri realm = host.Policy.Resolve(host.Base, challenge.Realm!, "token realm");
        host.Policy.Check(host.Base, realm, "token realm");
        IReadOnlyList<string> scopes = need.Scopes(challenge.Scope);
        using HttpResponseMessage response = credential?.IdentityToken is not null
            ? await PostAsync(host, realm, challenge, scopes, credential, cancellationToken).ConfigureAwait(false)
            : await GetAsync(host, realm, challenge, scopes, credential, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw await RegistryFault.OfAsync(response, options, cancellationToken).ConfigureAwait(false);
        }

        using BufferedAnswer body = await CappedBody
            .ReadStartAsync(response, CappedBody.TokenLimit, options.IdleTimeout, cancellationToken)
            .ConfigureAwait(false);
        TokenAnswer answer = CappedBody.ParseJson(body.WholeBody(), realm, RegistryJsonContext.Default.TokenAnswer);
        string? token = string.IsNullOrEmpty(answer.Token) ? answer.AccessToken : answer.Token;
        if (!IsToken(token))
        {
            throw new RegistryException($"The token server '{OriginPolicy.Redact(realm)}' answered without a token.")
            {
                RequestUri = OriginPolicy.Redacted(realm),
            };
        }

        return new AccessToken(token!, asked + Lifetime(answer.ExpiresIn), credential);
    }

    private static bool IsToken(string? text) =>
        !string.IsNullOrEmpty(text) && !text.AsSpan().ContainsAnyExceptInRange('!', '~');

    private static TimeSpan Lifetime(double? seconds) =>
        seconds is not > 60 ? ShortestLifetime
        : seconds >= LongestLifetime.TotalSeconds ? LongestLifetime
        : TimeSpan.FromSeconds(seconds.Value);

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

        var uri = new Uri($"{realm.GetLeftPart(UriPartial.Path)}?{string.Join('&', query)}");
        for (int hop = 0; ; hop++)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, uri);
            if (hasPassword && OriginPolicy.IsSameOrigin(realm, uri))
            {
                request.Headers.Authorization = Credentials.BasicHeader(credential!);
            }

            Credentials.Remember(request, credential);

            HttpResponseMessage response = await send(host, request, cancellationToken).ConfigureAwait(false);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is null ||
                hop == MaxRedirects)
            {
                return response;
            }

            string location = response.Headers.Location.OriginalString;
            response.Dispose();
            Uri next = host.Policy.Resolve(uri, location, "redirect of the token server");
            host.Policy.Check(uri, next, "redirect of the token server");
            uri = next;
        }
    }

    private ValueTask<HttpResponseMessage> PostAsync(
        RegistryHost host,
        Uri realm,
        Challenge challenge,
        IReadOnlyList<string> scopes,
        RegistryCredential credential,
        CancellationToken cancellationToken)
    {
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "refresh_token",
            ["refresh_token"] = credential.IdentityToken!,
            ["client_id"] = ClientId,
            ["scope"] = string.Join(' ', scopes),
            ["service"] = challenge.Service ?? "",
        };
        var request = new HttpRequestMessage(HttpMethod.Post, realm) { Content = new FormUrlEncodedContent(form) };
        Credentials.Remember(request, credential);

        return send(host, request, cancellationToken);
    }

    private static void Add(List<string> query, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            query.Add(string.Create(CultureInfo.InvariantCulture, $"{name}={Uri.EscapeDataString(value)}"));
        }
    }
}
