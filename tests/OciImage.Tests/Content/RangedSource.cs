using System.Collections.Concurrent;
using OciImage.Content;
using OciImage.TestKit;

namespace OciImage.Tests.Content;

/// <summary>Gives one piece of content, as a whole or in parts, and notes what was asked for.</summary>
internal sealed class RangedSource : IContentFetcher, IContentRangeFetcher
{
    private readonly byte[] _bytes;
    private int _open;
    private int _mostOpen;
    private int _opened;

    public RangedSource(byte[] bytes, string algorithm = Digest.Sha256)
    {
        _bytes = bytes;
        Content = Descriptor.Create(TestContent.Unknown, bytes, algorithm);
    }

    public Descriptor Content { get; }

    /// <summary>Gets the parts that were asked for: offset and length.</summary>
    public ConcurrentQueue<(int Offset, int Length)> Asked { get; } = new();

    /// <summary>Gets how often the whole was opened.</summary>
    public int Opened => _opened;

    /// <summary>Gets how many parts were open at the same time.</summary>
    public int MostOpen => _mostOpen;

    public int Open => Volatile.Read(ref _open);

    /// <summary>Gets what happens when a part is asked for: the how-manieth it is, its offset; and whether it is given.</summary>
    public Func<int, int, CancellationToken, Task<bool>> OnAsk { get; init; } = (_, _, _) => Task.FromResult(true);

    /// <summary>Gets what becomes of a part on its way: the how-manieth it is, its offset, its bytes.</summary>
    public Func<int, int, Stream, Stream> Change { get; init; } = (_, _, stream) => stream;

    /// <summary>Gets how long a part says it is.</summary>
    public Func<int, int> Claim { get; init; } = length => length;

    public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _opened);
        return new(new ContentStream(new MemoryStream(_bytes, writable: false), descriptor));
    }

    public async ValueTask<UnverifiedRangeStream?> TryOpenRangeAsync(
        Descriptor descriptor, long offset, long length, CancellationToken cancellationToken = default)
    {
        int nth;
        lock (Asked)
        {
            nth = Asked.Count;
            Asked.Enqueue(((int)offset, (int)length));
        }

        await Task.Yield();
        if (!await OnAsk(nth, (int)offset, cancellationToken))
        {
            return null;
        }

        lock (Asked)
        {
            _mostOpen = Math.Max(_mostOpen, ++_open);
        }

        int end = (int)Math.Min(_bytes.Length, offset + length);
        Stream part = Change(nth, (int)offset, new MemoryStream(_bytes, (int)offset, end - (int)offset, writable: false));
        return new UnverifiedRangeStream(new ClosingStream(part, () => Interlocked.Decrement(ref _open)), Claim((int)length));
    }

    private sealed class ClosingStream(Stream inner, Action closed) : ForwardStream(inner)
    {
        public override int Read(Span<byte> buffer) => Inner.Read(buffer);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            return await Inner.ReadAsync(buffer, cancellationToken);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && !IsDisposed)
            {
                closed();
            }

            base.Dispose(disposing);
        }
    }
}
