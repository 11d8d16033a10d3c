using System.Threading.Tasks.Sources;

namespace OciImage.TestKit;

/// <summary>Leaves every asynchronous read pending until the test completes it, on the test's own thread.</summary>
public sealed class PendingStream(Stream inner) : ForwardStream(inner), IValueTaskSource<int>
{
    private ManualResetValueTaskSourceCore<int> _core;
    private Memory<byte> _buffer;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer) => Inner.Read(buffer);

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _core.Reset();
        _buffer = buffer;

        return new ValueTask<int>(this, _core.Version);
    }

    /// <summary>Completes the pending read; what awaits it goes on inside this call.</summary>
    public void CompleteRead() => _core.SetResult(Inner.Read(_buffer.Span));

    /// <inheritdoc/>
    public int GetResult(short token) => _core.GetResult(token);

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
