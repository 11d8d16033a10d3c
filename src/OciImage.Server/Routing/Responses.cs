using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace OciImage.Server.Routing;

/// <summary>Writes answers.</summary>
internal static class Responses
{
    public static ValueTask WriteEmptyObjectAsync(RegistryRequest request) =>
        new(WriteBytesAsync(request.Http, "{}"u8.ToArray(), "application/json"));

    public static Task WriteJsonAsync<T>(HttpContext context, T value, JsonTypeInfo<T> typeInfo, string mediaType) =>
        WriteBytesAsync(context, JsonSerializer.SerializeToUtf8Bytes(value, typeInfo), mediaType);

    public static async Task WriteBytesAsync(HttpContext context, ReadOnlyMemory<byte> bytes, string mediaType)
    {
        context.Response.ContentType = mediaType;
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
        }
    }

    /// <summary>Says which content an answer is about; what has a digest never changes.</summary>
    public static void Describe(RegistryRequest request, Descriptor descriptor)
    {
        request.Response.Headers["Docker-Content-Digest"] = descriptor.Digest.ToString();
        request.Response.Headers.ETag = ETagOf(descriptor.Digest);
    }

    /// <summary>Tells whether the client has this content already (RFC 9110, section 13.1.2).</summary>
    public static bool IsKnownToClient(RegistryRequest request, Digest digest)
    {
        // A digest has no comma, so that a list may be taken apart at each.
        string condition = request.Http.Request.Headers.IfNoneMatch.ToString();
        foreach (Range range in condition.AsSpan().Split(','))
        {
            ReadOnlySpan<char> tag = condition.AsSpan(range).Trim();
            if (tag is "*" || (tag.StartsWith("W/") ? tag[2..] : tag).SequenceEqual(ETagOf(digest)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Tells whether a Range holds for this content (RFC 9110, section 13.1.5).</summary>
    public static bool RangeHolds(RegistryRequest request, Digest digest)
    {
        StringValues condition = request.Http.Request.Headers.IfRange;
        return condition.Count == 0 || condition == ETagOf(digest);
    }

    public static void Created(RegistryRequest request, string location, Digest digest)
    {
        request.Response.StatusCode = StatusCodes.Status201Created;
        request.Response.Headers.Location = location;
        request.Response.Headers["Docker-Content-Digest"] = digest.ToString();
        request.Response.ContentLength = 0;
    }

    private static string ETagOf(Digest digest) => $"\"{digest}\"";
}
