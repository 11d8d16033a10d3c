using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using OciImage.Server.Refusals;

namespace OciImage.Server.Uploads;

/// <summary>Reads the bodies of requests, which may be of any length and end at any time.</summary>
internal static class RequestBody
{
    private const int BufferSize = 128 * 1024;

    /// <summary>Lifts the server's own limit, which is far below the size of a layer.</summary>
    public static void LiftLimit(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            feature.MaxRequestBodySize = null;
        }
    }

    /// <summary>Reads a whole body into memory, or refuses one that is larger than allowed.</summary>
    public static async ValueTask<byte[]> ReadAsync(HttpContext context, int maxSize)
    {
        LiftLimit(context);
        if (context.Request.ContentLength > maxSize)
        {
            throw TooLarge(maxSize);
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            // A length is only a promise: memory grows with the bytes that arrive.
            using var bytes = new MemoryStream();
            int read;
            while ((read = await context.Request.Body.ReadAsync(buffer, context.RequestAborted).ConfigureAwait(false)) > 0)
            {
                if (bytes.Length + read > maxSize)
                {
                    throw TooLarge(maxSize);
                }

                bytes.Write(buffer, 0, read);
            }

            return bytes.ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Moves a body into an upload through one buffer.</summary>
    /// <remarks>What arrived before the client left, or before the limit, is in the upload and counts.</remarks>
    /// <param name="context">The request.</param>
    /// <param name="session">The upload, entered by the caller.</param>
    /// <param name="limit">The greatest number of bytes that are taken.</param>
    /// <returns>The number of bytes that were taken, and whether there were more.</returns>
    public static async ValueTask<(long Taken, bool HasMore)> AppendAsync(
        HttpContext context, UploadSession session, long limit)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        long taken = 0;
        int filled = 0;
        try
        {
            while (true)
            {
                int read = await context.Request.Body
                    .ReadAsync(buffer.AsMemory(filled, BufferSize - filled), context.RequestAborted).ConfigureAwait(false);
                bool exceeds = read > limit - taken - filled;
                filled += exceeds ? (int)(limit - taken - filled) : read;
                if (read == 0 || exceeds || filled == BufferSize)
                {
                    await FlushAsync().ConfigureAwait(false);
                }

                if (read == 0 || exceeds)
                {
                    return (taken, exceeds);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The client is gone and will ask how far it came.
            await FlushAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        async ValueTask FlushAsync()
        {
            int length = filled;
            filled = 0;
            if (length > 0)
            {
                // Not cancelled with the request: what was received is kept.
                await session.AppendAsync(buffer.AsMemory(0, length)).ConfigureAwait(false);
                taken += length;
            }
        }
    }

    private static Refusal TooLarge(int maxSize) => Refusal.TooLarge($"The manifest has more than {maxSize} bytes.");
}
