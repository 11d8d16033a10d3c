using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace OciImage.Content;

/// <summary>Carries one graph from a source to a target.</summary>
/// <remarks>
/// Every node is a task, started once and awaited by each parent: a shared blob is waited for, not skipped. A task holds
/// one of the slots only while it talks to a store, never while it waits for children, so slots cannot run out in a circle.
/// </remarks>
internal sealed class GraphCopier : IDisposable
{
    private readonly IContentFetcher _source;
    private readonly IContentStore _target;
    private readonly CopyOptions _options;
    private readonly GraphReader _reader;
    private readonly SemaphoreSlim _slots;
    private readonly CancellationToken _callerToken;
    private readonly CancellationTokenSource _cancellation;
    private readonly ConcurrentDictionary<ContentKey, Lazy<Task>> _nodes = new();
    private readonly bool _trustTarget;
    private ExceptionDispatchInfo? _failure;

    public GraphCopier(
        IContentFetcher source,
        IContentStore target,
        CopyOptions options,
        GraphReader reader,
        CancellationToken cancellationToken,
        bool trustTarget = true)
    {
        _source = source;
        _target = target;
        _options = options;
        _reader = reader;
        _trustTarget = trustTarget;
        _slots = new SemaphoreSlim(options.MaxConcurrency);
        _callerToken = cancellationToken;
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    public Task CopyAsync(GraphRoot root, string? reference) => RunAsync(() => CopyRootAsync(root, reference));

    public void Dispose()
    {
        _slots.Dispose();
        _cancellation.Dispose();
    }

    private async Task RunAsync(Func<Task> copy)
    {
        try
        {
            await copy().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Fail(exception);
        }

        // Every task has ended before the slots and the token source are disposed.
        await Task.WhenAll(_nodes.Values.Select(node => node.Value)).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing);
        if (_failure?.SourceException is OperationCanceledException && _callerToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(_callerToken);
        }

        _failure?.Throw();
    }

    private async Task CopyRootAsync(GraphRoot root, string? reference)
    {
        Descriptor descriptor = root.Descriptor;
        ContentGraph.Check(descriptor, depth: 0);
        if (!ContentGraph.HasChildren(descriptor))
        {
            await CopyBlobAsync(descriptor).ConfigureAwait(false);
        }
        else if (root.Children is null && await IsProvenAsync(descriptor).ConfigureAwait(false))
        {
            ContentTransfer.Report(_options, descriptor, ContentProgressState.AlreadyPresent);
        }
        else
        {
            await CopyDocumentAsync(root, depth: 0, reference).ConfigureAwait(false);
            return;
        }

        if (reference is not null)
        {
            await ContentTransfer.TagAsync(_target, descriptor, reference, _cancellation.Token).ConfigureAwait(false);
        }
    }

    private Task CopyChildrenAsync(IReadOnlyList<Descriptor> children, int depth)
    {
        var tasks = new List<Task>(children.Count);
        foreach (Descriptor child in children)
        {
            Lazy<Task> node = _nodes.GetOrAdd(
                ContentKey.Of(child),
                static (_, state) => new Lazy<Task>(() => state.Copier.CopyNodeAsync(state.Child, state.Depth)),
                (Copier: this, Child: child, Depth: depth));
            tasks.Add(node.Value);
        }

        return Task.WhenAll(tasks);
    }

    private async Task CopyNodeAsync(Descriptor descriptor, int depth)
    {
        // Leaves the caller's loop at once, so that a wide graph does not run on one thread.
        await Task.Yield();
        try
        {
            ContentGraph.Check(descriptor, depth);
            if (!ContentGraph.HasChildren(descriptor))
            {
                await CopyBlobAsync(descriptor).ConfigureAwait(false);
            }
            else if (await IsProvenAsync(descriptor).ConfigureAwait(false))
            {
                ContentTransfer.Report(_options, descriptor, ContentProgressState.AlreadyPresent);
            }
            else
            {
                await CopyDocumentAsync(new GraphRoot(descriptor, null, null), depth, reference: null).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            Fail(exception);
            throw;
        }
    }

    private async Task CopyDocumentAsync(GraphRoot document, int depth, string? reference)
    {
        // What an unchecked target has is read there: its children are what is in doubt, not its bytes.
        bool isThere = document.Bytes is null && _trustTarget && !_options.ForceRecursive && _target is IUncheckedParents &&
            await WithSlotAsync(token => _target.ExistsAsync(document.Descriptor, token)).ConfigureAwait(false);
        (ReadOnlyMemory<byte> bytes, IReadOnlyList<Descriptor> children) = document.Bytes is { } known
            ? (known, _reader.Count(
                document.Children ?? ContentGraph.ParseChildren(document.Descriptor, known, _options.Documents)))
            : await WithSlotAsync(token => isThere
                ? _reader.ReadAsync(_target, CopySide.Target, document.Descriptor, token)
                : _reader.ReadAsync(document.Descriptor, token)).ConfigureAwait(false);

        await CopyChildrenAsync(children, depth + 1).ConfigureAwait(false);
        try
        {
            await PushAsync(document.Descriptor, bytes, reference).ConfigureAwait(false);
        }
        catch (RegistryException exception) when (_trustTarget && MissesContent(exception))
        {
            await CarryAgainAsync(children).ConfigureAwait(false);
            await PushAsync(document.Descriptor, bytes, reference).ConfigureAwait(false);
        }

        ContentTransfer.Report(
            _options, document.Descriptor, isThere ? ContentProgressState.AlreadyPresent : ContentProgressState.Completed);
    }

    // The target said that it had content, and then that it had not: it is told once more, and not asked.
    private async Task CarryAgainAsync(IReadOnlyList<Descriptor> children)
    {
        using var copier = new GraphCopier(
            _source, _target, _options, new GraphReader(_source, _options), _cancellation.Token, trustTarget: false);
        await copier.RunAsync(() => copier.CopyChildrenAsync(children, depth: 1)).ConfigureAwait(false);
    }

    private async Task CopyBlobAsync(Descriptor descriptor)
    {
        try
        {
            await WithSlotAsync(async token =>
            {
                await ContentTransfer.TransferAsync(_source, _target, descriptor, _options, _trustTarget, token)
                    .ConfigureAwait(false);
                return true;
            }).ConfigureAwait(false);
        }
        catch (ContentNotFoundException) when (
            MediaTypes.IsNonDistributable(descriptor.MediaType) && descriptor.Urls.Count > 0)
        {
            // Such a layer is meant to be fetched from its URLs; an image without it is what its author published.
        }
    }

    // A layer of the same digest that this very copy carried proves nothing about what the document refers to.
    private async Task<bool> IsProvenAsync(Descriptor descriptor) =>
        _trustTarget && !_options.ForceRecursive && _target is not IUncheckedParents &&
        await WithSlotAsync(token => _target.ExistsAsync(descriptor, token)).ConfigureAwait(false) &&
        !_nodes.ContainsKey(ContentKey.Of(descriptor).AsLeaf());

    private Task<bool> PushAsync(Descriptor descriptor, ReadOnlyMemory<byte> bytes, string? reference) =>
        WithSlotAsync(async token =>
        {
            await ContentTransfer.PushTaggedAsync(_target, descriptor, bytes, reference, token).ConfigureAwait(false);
            return true;
        });

    private async Task<T> WithSlotAsync<T>(Func<CancellationToken, ValueTask<T>> work)
    {
        await _slots.WaitAsync(_cancellation.Token).ConfigureAwait(false);
        try
        {
            return await work(_cancellation.Token).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    private static bool MissesContent(RegistryException exception) =>
        exception.Codes.Any(code => code is "MANIFEST_BLOB_UNKNOWN" or "BLOB_UNKNOWN" or "MANIFEST_UNKNOWN");

    // The first failure is the cause; what follows from the cancellation it brings is not.
    private void Fail(Exception exception)
    {
        CopyFailure.Mark(exception, exception is DocumentFormatException ? CopySide.Source : CopySide.Target);
        if (Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null) is null)
        {
            _cancellation.Cancel();
        }
    }
}
