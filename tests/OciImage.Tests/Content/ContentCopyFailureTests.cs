using OciImage.Content;
using OciImage.TestKit;

namespace OciImage.Tests.Content;

public sealed class ContentCopyFailureTests
{
    private static readonly Digest FailingLayer = TestContent.Describe("layer of a").Digest;

    private readonly MemoryStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CopyGraphAsync_ThrowsWhatTheSourceThrew()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        var source = new RecordingSource(_store)
        {
            OnOpen = (descriptor, _) => descriptor.Digest == FailingLayer
                ? throw new RegistryException("The registry is away.")
                : Task.CompletedTask,
        };
        var target = new RecordingStore();

        var error = await Assert.ThrowsAsync<RegistryException>(
            async () => await ContentCopy.CopyGraphAsync(source, target, image, "latest", null, Token));

        Assert.Equal(CopySide.Source, CopyFailure.GetSide(error));
        Assert.False(target.Pushes.ContainsKey(image.Digest));
        Assert.DoesNotContain(target.Calls, call => call.StartsWith("tag ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task CopyGraphAsync_BlamesTheSourceForWhatItsStreamDoes()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        var source = new RecordingSource(_store)
        {
            Change = (descriptor, stream) => descriptor.Digest == FailingLayer
                ? new ThrowingStream(stream, after: 3, new IOException("reset"))
                : stream,
        };

        var error = await Assert.ThrowsAsync<IOException>(
            async () => await ContentCopy.CopyGraphAsync(source, new RecordingStore(), image, null, null, Token));

        Assert.Equal(CopySide.Source, CopyFailure.GetSide(error));
        Assert.Equal(CopySide.Source, CopyFailure.GetSide(new InvalidOperationException("outer", error)));
    }

    [Fact]
    public async Task CopyGraphAsync_RefusesWhatTheSourceChanged() // R01
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        var source = new RecordingSource(_store)
        {
            Change = (descriptor, stream) => descriptor.Digest == image.Digest
                ? new MemoryStream(new byte[image.Size])
                : stream,
        };
        var target = new RecordingStore();

        var error = await Assert.ThrowsAsync<ContentVerificationException>(
            async () => await ContentCopy.CopyGraphAsync(source, target, image, null, null, Token));

        Assert.Equal(CopySide.Source, CopyFailure.GetSide(error));
        Assert.Empty(target.Pushes);
    }

    [Fact]
    public async Task CopyGraphAsync_ThrowsWhatTheTargetThrew()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        var target = new RecordingStore
        {
            OnPush = (descriptor, _) => descriptor.Digest == FailingLayer
                ? throw new IOException("disk full")
                : Task.CompletedTask,
        };

        var error = await Assert.ThrowsAsync<IOException>(
            async () => await ContentCopy.CopyGraphAsync(new RecordingSource(_store), target, image, null, null, Token));

        Assert.Equal("disk full", error.Message);
        Assert.Equal(CopySide.Target, CopyFailure.GetSide(error));
        Assert.False(target.Pushes.ContainsKey(image.Digest));
    }

    [Fact]
    public async Task CopyGraphAsync_ReportsTheFirstFailureAndCancelsTheRest()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        var othersStarted = new TaskCompletionSource();
        int cancelled = 0;
        var target = new RecordingStore
        {
            OnPush = async (descriptor, token) =>
            {
                if (descriptor.Digest == FailingLayer)
                {
                    await othersStarted.Task;
                    throw new IOException("disk full");
                }

                othersStarted.TrySetResult();
                try
                {
                    await Task.Delay(Timeout.Infinite, token);
                }
                catch (OperationCanceledException)
                {
                    Interlocked.Increment(ref cancelled);
                    throw;
                }
            },
        };

        await Assert.ThrowsAsync<IOException>(
            async () => await ContentCopy.CopyGraphAsync(new RecordingSource(_store), target, image, null, null, Token));

        Assert.InRange(cancelled, 1, 2);
        Assert.Empty(target.Pushes);
    }

    [Fact]
    public async Task CopyGraphAsync_ThrowsTheCallersCancellation()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        using var cancellation = new CancellationTokenSource();
        var target = new RecordingStore
        {
            OnPush = (_, _) => cancellation.CancelAsync(),
        };

        var error = await Assert.ThrowsAsync<OperationCanceledException>(async () => await ContentCopy.CopyGraphAsync(
            new RecordingSource(_store), target, image, null, null, cancellation.Token));

        Assert.Equal(cancellation.Token, error.CancellationToken);
        Assert.Null(CopyFailure.GetSide(error));
        Assert.False(target.Pushes.ContainsKey(image.Digest));
    }

    [Fact]
    public async Task CopyGraphAsync_AsksTheVerifierBeforeAnythingMoves()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        var source = new RecordingSource(_store);
        var target = new RecordingStore();
        var verifier = new RefusingVerifier();

        await Assert.ThrowsAsync<ContentVerificationException>(async () => await ContentCopy.CopyGraphAsync(
            source, target, image, "latest", new CopyOptions { Verifier = verifier }, Token));

        Assert.Equal(image, verifier.Asked);
        Assert.Empty(target.Calls);
        Assert.Empty(source.Opened);
    }

    [Fact]
    public async Task CopyGraphAsync_RefusesATagThatTheTargetCannotHold()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        var blobsOnly = new TaglessStore();

        await Assert.ThrowsAsync<NotSupportedException>(
            async () => await ContentCopy.CopyGraphAsync(_store, blobsOnly, image, "latest", null, Token));

        Assert.False(await blobsOnly.ExistsAsync(image, Token));
    }

    [Fact]
    public async Task Members_RefuseNull()
    {
        Descriptor leaf = Descriptor.Empty;

        await Assert.ThrowsAsync<ArgumentNullException>(
            async () => await ContentCopy.CopyAsync(null!, _store, leaf, cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentNullException>(
            async () => await ContentCopy.CopyAsync(_store, null!, leaf, cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentNullException>(
            async () => await ContentCopy.CopyAsync(_store, _store, null!, cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentNullException>(
            async () => await ContentCopy.CopyGraphAsync(null!, _store, leaf, cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentNullException>(
            async () => await ContentCopy.CopyGraphAsync(_store, null!, leaf, cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentNullException>(
            async () => await ContentCopy.CopyGraphAsync(_store, _store, null!, cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await ContentCopy.CopyGraphAsync(_store, _store, leaf, "", cancellationToken: Token));
        Assert.Throws<ArgumentNullException>(() => ContentCopy.WalkAsync(null!, leaf, cancellationToken: Token));
        Assert.Throws<ArgumentNullException>(() => ContentCopy.WalkAsync(_store, null!, cancellationToken: Token));
        Assert.Throws<ArgumentNullException>(() => CopyFailure.GetSide(null!));
    }

    private sealed class RefusingVerifier : IImageVerifier
    {
        public Descriptor? Asked { get; private set; }

        public ValueTask VerifyAsync(Descriptor root, IContentFetcher source, CancellationToken cancellationToken = default)
        {
            Asked = root;
            throw new ContentVerificationException(root, "No signature.");
        }
    }

    private sealed class TaglessStore : IContentStore
    {
        private readonly MemoryStore _inner = new();

        public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
            _inner.OpenReadAsync(descriptor, cancellationToken);

        public ValueTask PushAsync(
            Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default) =>
            _inner.PushAsync(descriptor, content, cancellationToken);

        public ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
            _inner.ExistsAsync(descriptor, cancellationToken);
    }
}
