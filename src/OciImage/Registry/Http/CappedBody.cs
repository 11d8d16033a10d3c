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

    private const int BufferSize = 64 * 1024;

    /// <summary>Reads the start of a body, and tells whether there is more.</summary>
    /// <remarks>Short bodies, of errors and tokens, have the time limit as a whole: a trickle would last for weeks.</remarks>
    /// <exception cref="RegistryException">The body breaks off or stands still.</exception>
    public static async ValueTask<BufferedAnswer> ReadStartAsync(
        HttpResponseMessage response, int limit, TimeSpan idleTimeout, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        using var whole = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (limit <= ErrorLimit)
        {
            whole.CancelAfter(idleTimeout);
        }

        try
        {
            Stream body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            var stream = new IdleTimeoutStream(body, idleTimeout);
            await using (stream.ConfigureAwait(false))
            {
                using var bytes = new MemoryStream();
                while (true)
                {
                    int read = await stream.ReadAsync(buffer, whole.Token).ConfigureAwait(false);
                    int kept = (int)Math.Min(read, limit - bytes.Length);
                    bytes.Write(buffer, 0, kept);
                    if (read == 0 || kept < read)
                    {
                        return new BufferedAnswer(response, bytes.ToArray(), limit, IsCut: read > 0);
                    }
                }
            }
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException ||
            (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw RegistryFault.Unreachable(response.RequestMessage!, exception);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads a JSON body of a known kind.</summary>
    /// <exception cref="RegistryException">The body is another JSON, or none.</exception>
    public static T ParseJson<T>(ReadOnlySpan<byte> body, Uri address, JsonTypeInfo<T> typeInfo)
    {
        try
        {
            return JsonSerializer.Deserialize(body, typeInfo) ?? throw new JsonException("The body is 'null'.");
        }
        catch (JsonException exception)
        {
            // The parser's message may quote the body, which may hold a token.
            throw new RegistryException(
                $"'{OriginPolicy.Redact(address)}' answered what is not the JSON expected, " +
                $"at line {(exception.LineNumber ?? 0) + 1}, byte {exception.BytePositionInLine ?? 0}.")
            {
                RequestUri = OriginPolicy.Redacted(address),
            };
        }
    }
}
