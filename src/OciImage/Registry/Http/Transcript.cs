using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace OciImage.Registry.Http;

/// <summary>What was asked and answered on the way to one answer: redirects, demands for credentials, token servers.</summary>
/// <remarks>
/// Only references are kept until somebody wants to read it. It then shows no secret: no authorization, no cookie, no value of
/// a query, none of the header fields that are only for one host, and nothing that the server repeats of them.
/// </remarks>
internal sealed class Transcript
{
    private const int MaxExchanges = 24;
    private const int MaxFields = 40;
    private const int MaxFieldLength = 300;

    public static readonly HttpRequestOptionsKey<Transcript> Key = new("OciImage.Transcript");

    private static readonly HashSet<string> Shown = new(StringComparer.OrdinalIgnoreCase)
    {
        "Accept", "Accept-Encoding", "Content-Length", "Content-Range", "Content-Type", "Date", "Docker-Content-Digest",
        "Docker-Distribution-API-Version", "ETag", "Expect", "If-Match", "If-None-Match", "OCI-Chunk-Min-Length",
        "OCI-Filters-Applied", "OCI-Namespace", "OCI-Subject", "OCI-Tag", "Range", "RateLimit-Limit", "RateLimit-Remaining",
        "Retry-After", "Server", "Transfer-Encoding", "User-Agent", "Via", "Warning", "WWW-Authenticate", "X-Request-Id",
    };

    private readonly Lock _lock = new();
    private readonly List<(HttpRequestMessage Request, HttpResponseMessage? Response, string? Failure)> _exchanges = [];
    private int _dropped;

    public void Add(HttpRequestMessage request, HttpResponseMessage? response, string? failure)
    {
        lock (_lock)
        {
            if (_exchanges.Count == MaxExchanges)
            {
                _exchanges.RemoveAt(0);
                _dropped++;
            }

            _exchanges.Add((request, response, failure));
        }
    }

    /// <summary>Returns the transcript of what led to a request's end, or <see langword="null"/>.</summary>
    public static string? Of(HttpRequestMessage request, string? body = null) =>
        request.Options.TryGetValue(Key, out Transcript? transcript) ? transcript.Format(body) : null;

    private string Format(string? body)
    {
        var text = new StringBuilder();
        lock (_lock)
        {
            if (_dropped > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"… {_dropped} earlier exchanges\n");
            }

            foreach (var (request, response, failure) in _exchanges)
            {
                var secrets = Secrets.Of(request);
                text.Append(CultureInfo.InvariantCulture, $"> {request.Method} {OriginPolicy.Redact(request.RequestUri!)}\n");
                AppendFields(text, '>', request.Headers.NonValidated, secrets);
                if (request.Headers.Authorization is { Scheme: var scheme })
                {
                    text.Append(CultureInfo.InvariantCulture, $"> Authorization: {Excerpt.Of(scheme)} …\n");
                }

                if (request.Content is { } content)
                {
                    AppendFields(text, '>', content.Headers.NonValidated, secrets);
                }

                if (response is null)
                {
                    text.Append(CultureInfo.InvariantCulture, $"< no answer: {Excerpt.Of(secrets.Remove(failure ?? ""))}\n");
                    continue;
                }

                text.Append(CultureInfo.InvariantCulture, $"< {(int)response.StatusCode} {response.StatusCode}\n");
                AppendFields(text, '<', response.Headers.NonValidated, secrets);
                if (response.Headers.Location is { } location)
                {
                    string place = location.IsAbsoluteUri ? OriginPolicy.Redact(location) : location.OriginalString.Split('?')[0];
                    text.Append(CultureInfo.InvariantCulture, $"< Location: {Excerpt.Of(secrets.Remove(place))}\n");
                }

                AppendFields(text, '<', response.Content.Headers.NonValidated, secrets);
            }
        }

        if (!string.IsNullOrEmpty(body))
        {
            text.Append(CultureInfo.InvariantCulture, $"< {body}\n");
        }

        return text.ToString();
    }

    private static void AppendFields(StringBuilder text, char mark, HttpHeadersNonValidated headers, Secrets secrets)
    {
        foreach ((string name, HeaderStringValues values) in headers.Take(MaxFields))
        {
            if (Shown.Contains(name))
            {
                string value = secrets.Remove(values.ToString());
                text.Append(CultureInfo.InvariantCulture, $"{mark} {name}: {Excerpt.Of(value, MaxFieldLength)}\n");
            }
        }
    }
}
