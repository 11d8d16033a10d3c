using System.Buffers;
using System.Threading.Channels;

namespace OciImage.Images;

/// <summary>Reads on one thread while another writes, since decompressing and compressing each keep a processor busy.</summary>
internal static class OverlappedCopy
{
    private const int BufferSize = 256 * 1024;
    private const int MaxBuffers = 4;

    public static async ValueTask CopyAsync(Stream from, Stream to, CancellationToken cancellationToken)
    {
        var buffers = Channel.CreateBounded<(byte[] Buffer, int Count)>(
            new BoundedChannelOptions(MaxBuffers) { SingleReader = true, SingleWriter = true });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task reading = Task.Run(() => ReadAsync(from, buffers.Writer, stop.Token), CancellationToken.None);
        try
        {
            await foreach ((byte[] buffer, int count) in buffers.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
        finally
        {
            // The source is not disposed while it is read.
            await stop.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(false);
        }
    }

    private static async Task ReadAsync(
        Stream from, ChannelWriter<(byte[] Buffer, int Count)> writer, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
            while (true)
            {
                byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
                int count = await from
                    .ReadAtLeastAsync(buffer.AsMemory(0, BufferSize), BufferSize, throwOnEndOfStream: false, cancellationToken)
                    .ConfigureAwait(false);
                if (count == 0)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    break;
                }

                await writer.WriteAsync((buffer, count), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        // What failed is thrown where the buffers are read.
        writer.Complete(failure);
    }
}
