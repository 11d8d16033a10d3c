using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using OciImage.Registry.Auth;

namespace OciImage.Registry.Http;

/// <summary>Follows the pages of a list: on the same origin, within bounds, and never in a circle (RFC 8288, rel="next").</summary>
internal sealed class Paging(RegistryTransport transport, RegistryHost host, AccessNeed need)
{
    internal const int MaxPages = 10_000;

    /// <summary>Reads page after page. A page with few items, or none, does not end the list; a page without a next one does.</summary>
    public async IAsyncEnumerable<Page> ReadAsync(
        Func<Uri, Uri> first, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new HashSet<Digest>();
        Uri? next = null;
        for (int page = 0; page < MaxPages; page++)
        {
            Uri? current = next;
            using BufferedAnswer answer = await transport.ReadAsync(
                host,
                need,
                address => new HttpRequestMessage(HttpMethod.Get, current ?? first(address)),
                CappedBody.ListLimit,
                cancellationToken).ConfigureAwait(false);
            HttpResponseMessage response = answer.Response;
            if (!response.IsSuccessStatusCode)
            {
                throw await transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
            }

            Uri address = response.RequestMessage!.RequestUri!;
            next = NextOf(response);
            yield return new Page(address, response.Content.Headers.ContentType?.MediaType, answer.WholeBody());
            if (next is null)
            {
                yield break;
            }

            // Kept as digests: a registry chooses how long its addresses are.
            if (!seen.Add(Digest.Compute(Encoding.UTF8.GetBytes(next.PathAndQuery))))
            {
                throw Refused(next, $"'{host.Name}' pages in a circle at '{OriginPolicy.Redact(next)}'.");
            }
        }

        throw Refused(next!, $"'{host.Name}' has more than {MaxPages} pages of one list.");
    }

    private Uri? NextOf(HttpResponseMessage response)
    {
        if (!response.Headers.NonValidated.TryGetValues("Link", out HeaderStringValues links) ||
            LinkHeader.FindNext(links) is not { } link)
        {
            return null;
        }

        Uri target = host.Policy.Resolve(response.RequestMessage!.RequestUri!, link, "next page");
        return OriginPolicy.IsSameOrigin(host.Base, target) && target.UserInfo.Length == 0
            ? target
            : throw Refused(target, $"The next page '{OriginPolicy.Redact(target)}' of '{host.Name}' is refused: it is on another host.");
    }

    private static RegistryException Refused(Uri uri, string message) => new(message) { RequestUri = OriginPolicy.Redacted(uri) };
}
