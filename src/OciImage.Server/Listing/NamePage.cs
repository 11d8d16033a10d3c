using System.Globalization;
using Microsoft.AspNetCore.Http;
using OciImage.Server.Refusals;
using OciImage.Server.Routing;

namespace OciImage.Server.Listing;

/// <summary>A page of a list of names in ordinal order.</summary>
internal sealed class NamePage
{
    // Enough for a client that asks for everything at once, and a bound for what one answer takes.
    private const int MaxLength = 10_000;

    private NamePage(List<string> names, bool hasMore)
    {
        Names = names;
        HasMore = hasMore;
    }

    public IReadOnlyList<string> Names { get; }

    private bool HasMore { get; }

    /// <summary>Reads the page that <c>n</c> and <c>last</c> ask for, and announces the next one.</summary>
    public static async ValueTask<NamePage> ReadAsync(
        RegistryRequest request, IAsyncEnumerable<string> names, Func<string, bool> accepts)
    {
        int length = ReadLength(request);
        string last = request.Query("last") ?? "";
        var page = new List<string>();
        bool hasMore = false;
        await foreach (string name in names.WithCancellation(request.Aborted).ConfigureAwait(false))
        {
            if (string.CompareOrdinal(name, last) <= 0 || !accepts(name))
            {
                continue;
            }

            hasMore = page.Count == length;
            if (hasMore)
            {
                break;
            }

            page.Add(name);
        }

        var result = new NamePage(page, hasMore);
        result.AnnounceNext(request, length);

        return result;
    }

    private static int ReadLength(RegistryRequest request)
    {
        string? text = request.Query("n");
        if (text is null)
        {
            return MaxLength;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int length)
            ? Math.Min(length, MaxLength)
            : throw Refusal.Unsupported(
                StatusCodes.Status400BadRequest, "The query parameter 'n' is not a number of names.");
    }

    private void AnnounceNext(RegistryRequest request, int length)
    {
        if (HasMore && length > 0)
        {
            string path = request.Http.Request.PathBase + request.Http.Request.Path;
            request.Response.Headers.Link = $"<{path}?n={length}&last={Uri.EscapeDataString(Names[^1])}>; rel=\"next\"";
        }
    }
}
