using System.Buffers;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;
using OciImage.Content;

namespace OciImage.Layout;

/// <summary>Fetches the parts of one blob at the same time into its file and hashes the file behind them, in order.</summary>
/// <remarks>
/// <code>
/// part 2 ──┐
/// part 1 ──┼─write→ file ──read what is complete from the start→ hash ──at the end→ verified
/// part 0 ──┘
/// </code>
/// Parts are handed out in order and are small beside the blob, so the hash is never far behind. A part that arrives before
/// an earlier one leaves a hole in the file, which nobody reads: the hash waits for the earlier one.
/// </remarks>
internal sealed class RangeWriter
{
    private const int BufferSize = 256 * 1024;

    private readonly RangedContent _content;
    private readonly Descriptor _descriptor;
    private readonly SafeFileHandle _file;
    private readonly CancellationTokenSource _cancellation;
    private readonly Lock _lock = new();
    private readonly Channel<RangePart> _parts = Channel.CreateUnbounded<RangePart>(
        new UnboundedChannelOptions { SingleReader = true });

    // Holds at most one sign that there is more to hash.
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private long _next;
    private ExceptionDispatchInfo? _failure;

    private RangeWriter(RangedContent content, SafeFileHandle file, CancellationTokenSource cancellation)
    {
        _content = content;
        _descriptor = content.Descriptor;
        _file = file;
        _cancellation = cancellation;
    }

    /// <summary>Writes and verifies the whole blob; returns <see langword="false"/> where one stream is to be tried instead.</summary>
    /// <exception cref="ContentVerificationException">The parts together are not what was promised.</exception>
    public static async ValueTask<bool> TryWriteAsync(
        RangedContent content, SafeFileHandle file, CancellationToken cancellationToken)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writer = new RangeWriter(content, file, cancellation);
        if (writer.TakePart() is not { } first)
        {
            return false;
        }

        // Only a source that gave one part is asked for others.
        await using (first.ConfigureAwait(false))
        {
            if (!await first.TryOpenAsync(cancellationToken).ConfigureAwait(false))
            {
                return false;
            }

            await writer.RunAsync(first).ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        bool mayBeAlternate = content.HasAlternates && writer._failure?.SourceException is ContentVerificationException;
        if (writer._failure is not null && (content.IsRefused || mayBeAlternate))
        {
            return false;
        }

        writer._failure?.Throw();
        return true;
    }

    private async Task RunAsync(RangePart first)
    {
        // All its bytes come from the parts; where a file system can, what has not come takes no room.
        RandomAccess.SetLength(_file, _descriptor.Size);
        long parts = ((_descriptor.Size - 1) / _content.PartLength) + 1;
        var tasks = new List<Task> { WatchAsync(HashAsync), WatchAsync(() => FetchAsync(first)) };
        for (int i = 1; i < Math.Min(parts, _content.MaxRanges); i++)
        {
            tasks.Add(WatchAsync(() => FetchAsync(null)));
        }

        await Task.WhenAll(tasks).ConfigureAwait(false);
    }

    // The first failure ends all; what follows from the cancellation it brings is not told.
    private async Task WatchAsync(Func<Task> work)
    {
        await Task.Yield();
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            if (Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null) is null)
            {
                await _cancellation.CancelAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task FetchAsync(RangePart? part)
    {
        CancellationToken token = _cancellation.Token;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            for (part ??= TakePart(); part is not null; part = TakePart())
            {
                await FetchAsync(part, buffer.AsMemory(0, BufferSize), token).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task FetchAsync(RangePart part, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await using (part.ConfigureAwait(false))
        {
            while (part.Written < part.Length)
            {
                int read = await part.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                RandomAccess.Write(_file, buffer.Span[..read], part.Offset + part.Written);
                part.Advance(read);
                _news.Writer.TryWrite(true);
            }
        }
    }

    private async Task HashAsync()
    {
        using IncrementalHash hash = Digest.CreateHash(_descriptor.Digest.Algorithm);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            await foreach (RangePart part in _parts.Reader.ReadAllAsync(_cancellation.Token).ConfigureAwait(false))
            {
                for (long hashed = 0; hashed < part.Length;)
                {
                    int wanted = (int)Math.Min(BufferSize, part.Written - hashed);
                    if (wanted == 0)
                    {
                        await _news.Reader.ReadAsync(_cancellation.Token).ConfigureAwait(false);
                        continue;
                    }

                    int read = RandomAccess.Read(_file, buffer.AsSpan(0, wanted), part.Offset + hashed);
                    if (read == 0)
                    {
                        throw new IOException($"The file of '{_descriptor.Digest}' is shorter than was written: somebody else changed it.");
                    }

                    hash.AppendData(buffer, 0, read);
                    hashed += read;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        Digest actual = Digest.FromHash(_descriptor.Digest.Algorithm, hash.GetHashAndReset());
        if (actual != _descriptor.Digest)
        {
            var mismatch = ContentVerificationException.Mismatch(_descriptor, actual);
            CopyFailure.Mark(mismatch, CopySide.Source);
            throw mismatch;
        }
    }

    private RangePart? TakePart()
    {
        lock (_lock)
        {
            if (_next == _descriptor.Size)
            {
                _parts.Writer.TryComplete();
                return null;
            }

            var part = new RangePart(_content, _next, Math.Min(_content.PartLength, _descriptor.Size - _next));
            _next += part.Length;
            _parts.Writer.TryWrite(part);

            return part;
        }
    }
}
