using System.Buffers;
using Microsoft.AspNetCore.Http;
using OciImage.Content;
using OciImage.Server.Refusals;
using OciImage.Server.Routing;

namespace OciImage.Server.Blobs;

/// <summary>Answers what is asked of blobs that are there.</summary>
internal static class BlobHandler
{
    private const string BlobMediaType = "application/octet-stream";
    private const int BufferSize = 128 * 1024;

    public static async ValueTask GetAsync(RegistryRequest request)
    {
        Digest digest = request.ReadDigest();
        IImageStore store = await request.OpenStoreAsync().ConfigureAwait(false);
        Descriptor descriptor = await FindAsync(store, digest, request.Aborted).ConfigureAwait(false);
        Responses.Describe(request, descriptor);
        request.Response.Headers.AcceptRanges = "bytes";
        if (Responses.IsKnownToClient(request, digest))
        {
            request.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var range = new ByteRange(0, descriptor.Size);
        if (HttpMethods.IsGet(request.Http.Request.Method) &&
            request.Http.Request.Headers.Range is [{ } header] &&
            Responses.RangeHolds(request, digest) &&
            ByteRange.TryParse(header, descriptor.Size, out ByteRange asked))
        {
            range = asked;
            AnnounceRange(request, range, descriptor.Size);
        }

        await SendAsync(request, store, descriptor, range, BlobMediaType).ConfigureAwait(false);
    }

    public static async ValueTask DeleteAsync(RegistryRequest request)
    {
        Digest digest = request.ReadDigest();
        IImageStore store = await request.OpenStoreAsync().ConfigureAwait(false);
        if (store is not IContentDeleter deleter)
        {
            throw Refusal.NoCapability("delete blobs");
        }

        Descriptor descriptor = await FindAsync(store, digest, request.Aborted).ConfigureAwait(false);
        try
        {
            await deleter.DeleteAsync(descriptor, request.Aborted).ConfigureAwait(false);
        }
        catch (ContentNotFoundException)
        {
            throw Refusal.BlobUnknown(digest);
        }

        request.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    /// <summary>Sends content, or a part of it, through one buffer.</summary>
    public static async ValueTask SendAsync(
        RegistryRequest request, IImageStore store, Descriptor descriptor, ByteRange range, string mediaType)
    {
        request.Response.ContentType = mediaType;
        request.Response.ContentLength = range.Length;
        if (request.IsHead)
        {
            return;
        }

        Stream stream = await OpenAsync(request, store, descriptor, range).ConfigureAwait(false);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            // Content that is sent as a whole proves itself at its end: what is broken breaks the connection off instead of
            // completing. A part proves nothing; whoever asked for it verifies the whole.
            for (long left = range.Length; left > 0;)
            {
                int wanted = (int)Math.Min(left, buffer.Length);
                int read = await stream.ReadAsync(buffer.AsMemory(0, wanted), request.Aborted).ConfigureAwait(false);
                await request.Response.Body.WriteAsync(buffer.AsMemory(0, read), request.Aborted).ConfigureAwait(false);
                left -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Finds a blob of a repository.</summary>
    public static async ValueTask<Descriptor> FindAsync(
        IImageStore store, Digest digest, CancellationToken cancellationToken)
    {
        try
        {
            return await store.ResolveAsync(digest.ToString(), cancellationToken).ConfigureAwait(false);
        }
        catch (ContentNotFoundException)
        {
            throw Refusal.BlobUnknown(digest);
        }
    }

    private static void AnnounceRange(RegistryRequest request, ByteRange range, long size)
    {
        if (range.Length == 0)
        {
            request.Response.Headers.ContentRange = $"bytes */{size}";
            throw Refusal.UploadInvalid(
                StatusCodes.Status416RangeNotSatisfiable, $"The range lies outside the blob's {size} bytes.");
        }

        request.Response.StatusCode = StatusCodes.Status206PartialContent;
        request.Response.Headers.ContentRange = $"bytes {range.Offset}-{range.Offset + range.Length - 1}/{size}";
    }

    private static async ValueTask<Stream> OpenAsync(
        RegistryRequest request, IImageStore store, Descriptor descriptor, ByteRange range)
    {
        try
        {
            if (range.Length < descriptor.Size && store is IContentRangeFetcher ranges && await ranges
                .TryOpenRangeAsync(descriptor, range.Offset, range.Length, request.Aborted).ConfigureAwait(false) is { } part)
            {
                return part;
            }

            return await ReplayableContent.FromFetcher(store, descriptor).OpenAsync(range.Offset, request.Aborted)
                .ConfigureAwait(false);
        }
        catch (ContentNotFoundException)
        {
            throw Refusal.BlobUnknown(descriptor.Digest);
        }
    }
}
