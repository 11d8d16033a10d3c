using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using OciImage.Compression;

namespace OciImage.Engines;

/// <summary>Learns a layer's DiffID while its compressed bytes pass by. Whatever goes wrong means that it is not known.</summary>
/// <remarks>An instance is for one transfer, used by one caller.</remarks>
internal sealed class DiffIdReader : IAsyncDisposable
{
    private readonly Pipe _pipe = new(new PipeOptions(
        pauseWriterThreshold: 4 * 1024 * 1024, resumeWriterThreshold: 2 * 1024 * 1024, useSynchronizationContext: false));

    private readonly Task<Digest?> _reading;

    private DiffIdReader(CompressionFormat format)
    {
        _reading = Task.Run(() => ReadAsync(format));
    }

    /// <summary>Starts a reader, or returns <see langword="null"/> for content that is no layer.</summary>
    public static DiffIdReader? Start(Descriptor descriptor) => LayerCompression.FromMediaType(descriptor.MediaType) is { } format
        ? new DiffIdReader(format)
        : null;

    public async ValueTask AddAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        await _pipe.Writer.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);

    /// <summary>Returns the DiffID of all bytes that were added, or <see langword="null"/>.</summary>
    public async Task<Digest?> CompleteAsync()
    {
        await _pipe.Writer.CompleteAsync().ConfigureAwait(false);
        return await _reading.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _pipe.Writer.CompleteAsync(new OperationCanceledException()).ConfigureAwait(false);
        await _reading.ConfigureAwait(false);
    }

    private async Task<Digest?> ReadAsync(CompressionFormat format)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(128 * 1024);
        Stream source = _pipe.Reader.AsStream();
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            Stream layer = LayerCompression.OpenDecompressor(source, format);
            await using (layer.ConfigureAwait(false))
            {
                int count;
                while ((count = await layer.ReadAsync(buffer).ConfigureAwait(false)) > 0)
                {
                    hash.AppendData(buffer.AsSpan(0, count));
                }
            }

            return Digest.FromHash(Digest.Sha256, hash.GetHashAndReset());
        }
#pragma warning disable CA1031 // A layer that does not unpack is still content; whoever unpacks it is told.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
        finally
        {
            // A writer must not wait for a reader that gave up.
            await _pipe.Reader.CompleteAsync().ConfigureAwait(false);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
