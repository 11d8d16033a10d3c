namespace OciImage.Engines;

/// <summary>A connection that lets an answer be read although its other end no longer takes what is sent.</summary>
/// <remarks>
/// An engine that fails in the middle of an upload answers why, and then closes or stops to read. To the sender that is a broken pipe, or
/// no end, and nobody would read the answer; here what cannot be sent is dropped, and reading tells what happened.
/// </remarks>
internal sealed class EarlyAnswerStream(Stream inner) : EngineStream
{
    // An engine that answers and still reads takes a buffer at once.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private volatile bool _isRefused;
    private Task? _answer;

    public override bool CanWrite => true;

    /// <summary>Gets whether the other end takes nothing more, so that nothing more need be made.</summary>
    public bool IsRefused => _isRefused;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.ReadAsync(buffer, cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isRefused)
        {
            return;
        }

        try
        {
            ValueTask write = inner.WriteAsync(buffer, cancellationToken);
            await (write.IsCompleted ? write : new ValueTask(WaitAsync(write.AsTask()))).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or TimeoutException)
        {
            _isRefused = true;
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer.AsMemory(offset, count), CancellationToken.None).AsTask().GetAwaiter().GetResult();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task WaitAsync(Task write)
    {
        _answer ??= WaitForAnswerAsync();
        if (await Task.WhenAny(write, _answer).ConfigureAwait(false) == write)
        {
            await write.ConfigureAwait(false);
            return;
        }

        // A write that is given up fails when the connection is closed, unseen.
        _ = write.ContinueWith(static task => task.Exception, TaskScheduler.Default);
        await write.WaitAsync(Grace).ConfigureAwait(false);
    }

    // A read of no bytes ends when there are some.
    private async Task WaitForAnswerAsync()
    {
        try
        {
            await inner.ReadAsync(Memory<byte>.Empty).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
        }
    }
}
