using System.Security.Cryptography;
using OciImage.Content;

namespace OciImage.TestKit;

/// <summary>Content of any size that is made while it is read: the same bytes for the same seed, from any offset, and never held.</summary>
public sealed class GeneratedContent : ReplayableContent
{
    private const int BlockSize = 64 * 1024;

    private readonly int _seed;
    private int _openings;

    private GeneratedContent(int seed, Descriptor descriptor)
    {
        _seed = seed;
        Descriptor = descriptor;
    }

    /// <summary>Gets the descriptor of the content.</summary>
    public Descriptor Descriptor { get; }

    /// <summary>Gets how often the content was opened.</summary>
    public int Openings => Volatile.Read(ref _openings);

    /// <summary>Makes content, reading it once for its digest.</summary>
    public static async Task<GeneratedContent> CreateAsync(int seed, long size, string mediaType = TestContent.Unknown)
    {
        await using var stream = new GeneratedStream(seed, size, 0);
        byte[] hash = await SHA256.HashDataAsync(stream);
        var digest = Digest.Parse($"sha256:{Convert.ToHexStringLower(hash)}");

        return new GeneratedContent(seed, new Descriptor { MediaType = mediaType, Digest = digest, Size = size });
    }

    /// <inheritdoc/>
    public override ValueTask<Stream> OpenAsync(long offset = 0, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Descriptor.Size);
        Interlocked.Increment(ref _openings);

        return new(new GeneratedStream(_seed, Descriptor.Size, offset));
    }

    private sealed class GeneratedStream(int seed, long size, long offset) : ForwardStream(Null)
    {
        private readonly byte[] _block = new byte[BlockSize];
        private long _position = offset;
        private long _index = -1;

        public override int Read(Span<byte> buffer)
        {
            long index = _position / BlockSize;
            if (index != _index)
            {
                new Random(unchecked((seed * 7919) + (int)index)).NextBytes(_block);
                _index = index;
            }

            int start = (int)(_position % BlockSize);
            int count = (int)Math.Min(Math.Min(buffer.Length, BlockSize - start), size - _position);
            _block.AsSpan(start, count).CopyTo(buffer);
            _position += count;

            return count;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new(Read(buffer.Span));
        }
    }
}
