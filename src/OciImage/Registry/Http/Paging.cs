using System.Runtime.CompilerServices;
using OciImage.Registry.Auth;

namespace OciImage.Registry.Http;

/// <summary>Follows the pages of a list: on the same origin, within bounds, and never in a circle (RFC 8288, rel="next").</summary>
internal sealed class Paging(RegistryTransport transport, RegistryHost host, AccessNeed need)
{
    private const int MaxPages = 10_000;

    /// <summary>Reads page after page; each answer is a success, and lives until the next one is asked for.</summary>
    public async IAsyncEnumerable<HttpResponseMessage> ReadAsync(
        string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        Uri? next = null;
        for (int page = 0; page < MaxPages; page++)
        {
            Uri? current = next;
            using HttpResponseMessage response = await transport.GetAsync(
                host, need, address => new HttpRequestMessage(HttpMethod.Get, current ?? new Uri(address, path)), cancellationToken)
                .ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw await transport.FaultAsync(host, need, response, cancellationToken).ConfigureAwait(false);
            }

            next = NextOf(response);
            yield return response;
            if (next is null)
            {
                yield break;
            }

            if (!seen.Add(next.PathAndQuery))
            {
                throw new RegistryException($"'{host.Name}' pages in a circle at '{OriginPolicy.Redact(next)}'.");
            }
        }

        throw new RegistryException($"'{host.Name}' has more than {MaxPages} pages for '{path}'.");
    }

    private Uri? NextOf(HttpResponseMessage response)
    {
        if (!response.Headers.NonValidated.TryGetValues("Link", out var links))
        {
            return null;
        }

        foreach (string link in links)
        {
            int open = link.IndexOf('<');
            int close = link.IndexOf('>', Math.Max(open, 0));
            if (open < 0 || close < open ||
                !link[close..].Replace(" ", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal)
                    .Contains("rel=next", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            Uri request = response.RequestMessage!.RequestUri!;
            Uri target = OriginPolicy.Resolve(request, link[(open + 1)..close], "next page");
            return OriginPolicy.IsSameOrigin(host.Base, target)
                ? target
                : throw new RegistryException(
                    $"The next page '{OriginPolicy.Redact(target)}' of '{host.Name}' is refused: it is on another host.");
        }

        return null;
    }
}
