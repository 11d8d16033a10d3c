using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using OciImage.Registry.Http;
using OciImage.Registry.Routing;

namespace OciImage.Registry.Uploads;

/// <summary>One upload as the registry keeps it: where the next request goes, and how much has arrived.</summary>
internal sealed class UploadSession(RepositoryPlace place, Uri location, long minChunk)
{
    /// <summary>Gets the address for the next request; each answer may bring another one.</summary>
    public Uri Location { get; private set; } = location;

    /// <summary>Gets the least size of a chunk that is not the last one, in bytes.</summary>
    public long MinChunk => minChunk;

    /// <summary>Gets how many bytes the registry has.</summary>
    public long Offset { get; set; }

    /// <summary>Reads the session out of an answer to the request that starts one; <see langword="null"/> where it names none.</summary>
    /// <exception cref="RegistryException">The address is one that the registry must not name.</exception>
    public static UploadSession? Of(RepositoryPlace place, HttpResponseMessage response)
    {
        if (response.Headers.Location is null)
        {
            return null;
        }

        long minChunk = response.Headers.NonValidated.TryGetValues("OCI-Chunk-Min-Length", out HeaderStringValues values) &&
            long.TryParse(values.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out long length)
                ? length
                : 0;
        return new UploadSession(place, Resolve(place, response), minChunk);
    }

    /// <summary>Takes over the address that an answer brings, if any.</summary>
    /// <exception cref="RegistryException">The address is one that the registry must not name.</exception>
    public void Follow(HttpResponseMessage response)
    {
        if (response.Headers.Location is not null)
        {
            Location = Resolve(place, response);
        }
    }

    /// <summary>Returns the address that ends the upload. The address is used to the letter: its query may be signed.</summary>
    public Uri CommitAddress(Digest digest)
    {
        string text = Location.AbsoluteUri;
        string separator = text.Contains('?', StringComparison.Ordinal) ? "&" : "?";

        return place.Host.Policy.Resolve(
            Location, $"{text}{separator}digest={Uri.EscapeDataString(digest.ToString())}", "upload location");
    }

    /// <summary>Reads how much the registry has: "0-499" are 500 bytes; "0-0" may be one byte or none, so it says nothing.</summary>
    public static long? ReadRange(HttpResponseMessage response)
    {
        if (!response.Headers.NonValidated.TryGetValues("Range", out HeaderStringValues values))
        {
            return null;
        }

        string text = values.FirstOrDefault() ?? "";
        ReadOnlySpan<char> range = text.StartsWith("bytes=", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(6) : text;
        int dash = range.IndexOf('-');
        return dash > 0 && range[..dash] is "0" &&
            long.TryParse(range[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out long last) &&
            last is > 0 and < long.MaxValue
                ? last + 1
                : null;
    }

    private static Uri Resolve(RepositoryPlace place, HttpResponseMessage response)
    {
        Uri request = response.RequestMessage!.RequestUri!;
        Uri target = place.Host.Policy.Resolve(request, response.Headers.Location!.OriginalString, "upload location");
        place.Host.Policy.Check(request, target, "upload location");

        // A place that the registry handed the upload to does not choose what is written at the registry.
        return OriginPolicy.IsSameOrigin(place.Host.Base, target) && !OriginPolicy.IsSameOrigin(place.Host.Base, request)
            ? throw new RegistryException(
                $"The upload location '{OriginPolicy.Redact(target)}' is refused: '{request.Authority}' leads back to the registry.")
            : target;
    }
}
