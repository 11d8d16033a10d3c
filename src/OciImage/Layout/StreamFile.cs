using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace OciImage.Layout;

/// <summary>Copies a stream into a file.</summary>
/// <remarks>
/// The stream hashes what it reads, which takes longer than the writing. For content that is worth it, one thread
/// writes a buffer while the next is read and hashed.
/// </remarks>
internal static class StreamFile
{
    private const int BufferSize = 256 * 1024;
    private const int OverlapFrom = 4 * BufferSize;

    public static async ValueTask CopyAsync(
        Stream stream, long size, SafeFileHandle file, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        byte[]? second = size >= OverlapFrom ? ArrayPool<byte>.Shared.Rent(BufferSize) : null;
        Task written = Task.CompletedTask;
        try
        {
            long offset = 0;
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                if (second is null)
                {
                    RandomAccess.Write(file, buffer.AsSpan(0, read), offset);
                }
                else
                {
                    await written.ConfigureAwait(false);
                    written = WriteAsync(file, buffer, read, offset);
                    (buffer, second) = (second, buffer);
                }

                offset += read;
            }

            await written.ConfigureAwait(false);
        }
        finally
        {
            // The buffers belong to the writer until it is done, however the reading ended.
            await written.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ArrayPool<byte>.Shared.Return(buffer);
            if (second is not null)
            {
                ArrayPool<byte>.Shared.Return(second);
            }
        }
    }

    private static Task WriteAsync(SafeFileHandle file, byte[] buffer, int length, long offset) =>
        Task.Run(() => RandomAccess.Write(file, buffer.AsSpan(0, length), offset), CancellationToken.None);
}
