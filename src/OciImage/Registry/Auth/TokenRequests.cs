using OciImage.Registry.Http;

namespace OciImage.Registry.Auth;

/// <summary>Puts questions to token servers into requests, and follows where those redirect to; a credential stays with the realm's origin.</summary>
internal sealed class TokenRequests(RequestSending send)
{
    private const string ClientId = "ocimage";
    private const int MaxRedirects = 5;

    public async ValueTask<HttpResponseMessage> GetAsync(
        TokenQuestion question, string? username, string? password, CancellationToken cancellationToken)
    {
        bool hasPassword = username is not null && password is not null;
        var uri = new Uri($"{question.Realm.GetLeftPart(UriPartial.Path)}?{QueryOf(question, hasPassword ? username : null)}");
        for (int hop = 0; ; hop++)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, uri);
            if (hasPassword && OriginPolicy.IsSameOrigin(question.Realm, uri))
            {
                request.Headers.Authorization = Credentials.BasicHeader(username!, password!);
            }

            Credentials.Remember(request, question.Credential);
            HttpResponseMessage response = await send(question.Host, request, question.Transcript, cancellationToken)
                .ConfigureAwait(false);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is null ||
                hop == MaxRedirects)
            {
                return response;
            }

            string location = response.Headers.Location.OriginalString;
            response.Dispose();
            Uri next = question.Host.Policy.Resolve(uri, location, "redirect of the token server");
            question.Host.Policy.Check(uri, next, "redirect of the token server");
            uri = next;
        }
    }

    public ValueTask<HttpResponseMessage> PostRefreshAsync(
        TokenQuestion question, string refreshToken, CancellationToken cancellationToken) =>
        PostAsync(question, [new("grant_type", "refresh_token"), new("refresh_token", refreshToken)], cancellationToken);

    public ValueTask<HttpResponseMessage> PostPasswordAsync(
        TokenQuestion question, RegistryCredential credential, CancellationToken cancellationToken) =>
        PostAsync(
            question,
            [
                new("grant_type", "password"),
                new("username", credential.Username ?? ""),
                new("password", credential.Password ?? ""),
            ],
            cancellationToken);

    private static string QueryOf(TokenQuestion question, string? account)
    {
        var query = new List<string>();
        if (question.Realm.Query.Length > 1)
        {
            query.Add(question.Realm.Query[1..]);
        }

        Add(query, "service", question.Service);
        foreach (string scope in question.Scopes)
        {
            Add(query, "scope", scope);
        }

        Add(query, "account", account);
        return string.Join('&', query);
    }

    private static void Add(List<string> query, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            query.Add($"{name}={Uri.EscapeDataString(value)}");
        }
    }

    // A redirect of a POST is not followed: its body is the secret.
    private ValueTask<HttpResponseMessage> PostAsync(
        TokenQuestion question, List<KeyValuePair<string, string>> form, CancellationToken cancellationToken)
    {
        form.Add(new("client_id", ClientId));
        form.Add(new("service", question.Service));
        form.Add(new("scope", string.Join(' ', question.Scopes)));
        var request = new HttpRequestMessage(HttpMethod.Post, question.Realm) { Content = new FormUrlEncodedContent(form) };
        Credentials.Remember(request, question.Credential);

        return send(question.Host, request, question.Transcript, cancellationToken);
    }
}
