using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OciImage.Registry.Http;

/// <summary>Reads bodies up to a limit, whatever their headers claim.</summary>
internal static class CappedBody
{
    public const int ErrorLimit = 64 * 1024;
    public const int TokenLimit = 64 * 1024;
    public const int ListLimit = 4 * 1024 * 1024;

    /// <summary>Reads a whole body; refuses one that is longer than the limit.</summary>
    public static async ValueTask<byte[]> ReadAsync(
        HttpResponseMessage response, int limit, TimeSpan idleTimeout, CancellationToken cancellationToken)
    {
        (byte[] bytes, bool more) = await ReadStartAsync(response, limit, idleTimeout, cancellationToken).ConfigureAwait(false);
        return more
            ? throw new RegistryException(
                $"'{OriginPolicy.Redact(response.RequestMessage!.RequestUri!)}' answered more than {limit} bytes.")
            {
                StatusCode = response.StatusCode,
                RequestUri = OriginPolicy.Redacted(response.RequestMessage.RequestUri!),
            }
            : bytes;
    }

    /// <summary>Reads the start of a body, and tells whether there is more.</summary>
    public static async ValueTask<(byte[] Bytes, bool More)> ReadStartAsync(
        HttpResponseMessage response, int limit, TimeSpan idleTimeout, CancellationToken cancellationToken)
    {
        Stream body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var stream = new IdleTimeoutStream(body, idleTimeout);
        await using (stream.ConfigureAwait(false))
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
            try
            {
                using var bytes = new MemoryStream();
                while (true)
                {
                    int read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                    if (read == 0)
                    {
                        return (bytes.ToArray(), false);
                    }

                    int kept = (int)Math.Min(read, limit - bytes.Length);
                    bytes.Write(buffer, 0, kept);
                    if (kept < read)
                    {
                        return (bytes.ToArray(), true);
                    }
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    /// <summary>Reads a JSON body of a known kind.</summary>
    public static async ValueTask<T> ReadJsonAsync<T>(
        HttpResponseMessage response, int limit, JsonTypeInfo<T> typeInfo, TimeSpan idleTimeout, CancellationToken cancellationToken)
    {
        byte[] bytes = await ReadAsync(response, limit, idleTimeout, cancellationToken).ConfigureAwait(false);
        try
        {
            return JsonSerializer.Deserialize(bytes, typeInfo) ?? throw new JsonException("The body is 'null'.");
        }
        catch (JsonException exception)
        {
            Uri uri = OriginPolicy.Redacted(response.RequestMessage!.RequestUri!);
            throw new RegistryException($"'{uri}' answered what is not the JSON expected: {Excerpt.Of(exception.Message)}", exception)
            {
                StatusCode = response.StatusCode,
                RequestUri = uri,
            };
        }
    }
}
