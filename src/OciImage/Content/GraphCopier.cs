using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace OciImage.Content;

/// <summary>Carries one graph from a source to a target.</summary>
/// <remarks>
/// Every node is a task, started once and awaited by each parent: a shared blob is waited for, not skipped. A task holds
/// one of the slots only while it talks to a store, never while it waits for children, so slots cannot run out in a circle.
/// </remarks>
internal sealed partial class GraphCopier : IDisposable
{
    private readonly IContentFetcher _source;
    private readonly IContentStore _target;
    private readonly CopyOptions _options;
    private readonly GraphReader _reader;
    private readonly SemaphoreSlim _slots;
    private readonly CancellationToken _callerToken;
    private readonly CancellationTokenSource _cancellation;
    private readonly ConcurrentDictionary<ContentKey, Lazy<Task>> _nodes = new();
    private readonly ConcurrentDictionary<ContentKey, ContentNotFoundException> _leftOut = new();
    private readonly ConcurrentDictionary<Digest, IReadOnlyList<Descriptor>> _indexes = new();
    private readonly IReadOnlyDictionary<Digest, IReadOnlyList<Descriptor>> _narrowed;
    private readonly bool _trustTarget;
    private ExceptionDispatchInfo? _failure;

    public GraphCopier(
        IContentFetcher source,
        IContentStore target,
        CopyOptions options,
        GraphReader reader,
        IReadOnlyDictionary<Digest, IReadOnlyList<Descriptor>>? narrowed,
        CancellationToken cancellationToken,
        bool trustTarget = true)
    {
        _source = source;
        _target = target;
        _options = options;
        _reader = reader;
        _narrowed = narrowed ?? new Dictionary<Digest, IReadOnlyList<Descriptor>>();
        _trustTarget = trustTarget;
        _slots = new SemaphoreSlim(options.MaxConcurrency);
        _callerToken = cancellationToken;
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    public Task CopyAsync(GraphRoot root, string? reference, bool isTagged) =>
        RunAsync(() => CopyRootAsync(root, reference, isTagged));

    /// <summary>Tags what is at the target.</summary>
    public Task TagAsync(Descriptor descriptor, string reference) =>
        WithSlotAsync(async token =>
        {
            await ContentTransfer.TagAsync(_target, descriptor, reference, token).ConfigureAwait(false);
            return true;
        });

    /// <summary>Does work whose failure ends the copy.</summary>
    public async Task<T> WatchAsync<T>(Func<Task<T>> work)
    {
        // Leaves the caller's loop at once, so that many pieces of work do not run on one thread.
        await Task.Yield();
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Fail(exception);
            throw;
        }
    }

    /// <summary>Does work for each of some items: at the same time, or in order where only one slot is there.</summary>
    public async Task<T[]> WatchAllAsync<TItem, T>(IEnumerable<TItem> items, Func<TItem, Task<T>> work)
    {
        if (_options.MaxConcurrency > 1)
        {
            return await Task.WhenAll(items.Select(item => WatchAsync(() => work(item)))).ConfigureAwait(false);
        }

        var results = new List<T>();
        foreach (TItem item in items)
        {
            results.Add(await WatchAsync(() => work(item)).ConfigureAwait(false));
        }

        return [.. results];
    }

    /// <summary>Talks to a store in one of the slots.</summary>
    public async Task<T> WithSlotAsync<T>(Func<CancellationToken, ValueTask<T>> work)
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

    private async Task CopyRootAsync(GraphRoot root, string? reference, bool isTagged)
    {
        Descriptor descriptor = root.Descriptor;
        ContentGraph.Check(descriptor, depth: 0);
        ReadOnlyMemory<byte>? carried = null;

        // A tag that comes last is not seen without the signatures of what it names.
        bool hasAttachments = AttachmentCopier.IsWanted(_options);
        string? tagOnTheWay = hasAttachments ? null : reference;
        if (!isTagged && !ContentGraph.HasChildren(descriptor))
        {
            await CopyBlobAsync(descriptor).ConfigureAwait(false);
        }
        else if (isTagged || await IsProvenAsync(descriptor).ConfigureAwait(false))
        {
            ContentTransfer.Report(_options, descriptor, ContentProgressState.AlreadyPresent);
        }
        else
        {
            carried = await CopyDocumentAsync(root, depth: 0, tagOnTheWay).ConfigureAwait(false);
            isTagged = tagOnTheWay is not null;
        }

        if (hasAttachments)
        {
            Remember(descriptor, root.Bytes);
            await new AttachmentCopier(_source, _target, _options, this).CopyAsync(descriptor).ConfigureAwait(false);
        }

        if (reference is null || isTagged)
        {
            return;
        }

        if (carried is { } bytes && _target is IReferencePusher)
        {
            // One request, where tagging would read what was just written.
            await PushAsync(descriptor, bytes, reference).ConfigureAwait(false);
        }
        else
        {
            await TagAsync(descriptor, reference).ConfigureAwait(false);
        }
    }

    private async Task CopyChildrenAsync(IReadOnlyList<Descriptor> children, int depth, bool mayBeSparse)
    {
        var tasks = new List<Task>(children.Count);
        foreach (Descriptor child in children)
        {
            Lazy<Task> node = _nodes.GetOrAdd(
                ContentKey.Of(child),
                static (_, state) => new Lazy<Task>(() => state.Copier.CopyNodeAsync(state.Child, state.Depth)),
                (Copier: this, Child: child, Depth: depth));
            tasks.Add(node.Value);
            if (_options.MaxConcurrency == 1)
            {
                // One after the other in the document's order, so that a target that keeps the order gets the same each time.
                await node.Value.ConfigureAwait(false);
            }
        }

        await Task.WhenAll(tasks).ConfigureAwait(false);
        if (!mayBeSparse && !_leftOut.IsEmpty && children.FirstOrDefault(IsLeftOut) is { } missing)
        {
            throw _leftOut[ContentKey.Of(missing)];
        }
    }

    private bool IsLeftOut(Descriptor child) => _leftOut.ContainsKey(ContentKey.Of(child));

    // An index may be sparse: what it lists and the source lacks is left out where the options say so.
    private async Task LeaveOutAsync(Descriptor descriptor, Func<Task> copy)
    {
        try
        {
            await copy().ConfigureAwait(false);
        }
        catch (ContentNotFoundException exception) when (_options.Sparse && _options.Platforms.Count == 0)
        {
            _leftOut[ContentKey.Of(descriptor)] = exception;
            ContentTransfer.Report(_options, descriptor, ContentProgressState.LeftOut);
        }
    }

    private Task<bool> CopyNodeAsync(Descriptor descriptor, int depth) => WatchAsync(async () =>
    {
        ContentGraph.Check(descriptor, depth);
        if (!ContentGraph.HasChildren(descriptor))
        {
            await LeaveOutAsync(descriptor, () => CopyBlobAsync(descriptor)).ConfigureAwait(false);
        }
        else if (await IsProvenAsync(descriptor).ConfigureAwait(false))
        {
            ContentTransfer.Report(_options, descriptor, ContentProgressState.AlreadyPresent);
        }
        else
        {
            (ReadOnlyMemory<byte> Bytes, bool IsThere)? document = null;
            await LeaveOutAsync(
                descriptor, async () => document = await ReadDocumentAsync(descriptor).ConfigureAwait(false)).ConfigureAwait(false);
            if (document is { } found)
            {
                await CarryDocumentAsync(descriptor, found.Bytes, found.IsThere, depth, reference: null).ConfigureAwait(false);
            }
        }

        return true;
    });

    private async Task<ReadOnlyMemory<byte>> CopyDocumentAsync(GraphRoot document, int depth, string? reference)
    {
        (ReadOnlyMemory<byte> bytes, bool isThere) = document.Bytes is { } known
            ? (known, false)
            : await ReadDocumentAsync(document.Descriptor).ConfigureAwait(false);
        await CarryDocumentAsync(document.Descriptor, bytes, isThere, depth, reference).ConfigureAwait(false);

        return bytes;
    }

    // What an unchecked target has is read there: its children are what is in doubt, not its bytes.
    private async Task<(ReadOnlyMemory<byte> Bytes, bool IsThere)> ReadDocumentAsync(Descriptor descriptor)
    {
        bool isThere = _trustTarget && !_options.ForceRecursive && _target is IUncheckedParents &&
            await WithSlotAsync(token => _target.ExistsAsync(descriptor, token)).ConfigureAwait(false);
        ReadOnlyMemory<byte> bytes = await WithSlotAsync(token => isThere
            ? _reader.ReadBytesAsync(_target, CopySide.Target, descriptor, token)
            : _reader.ReadBytesAsync(_source, CopySide.Source, descriptor, token)).ConfigureAwait(false);

        return (bytes, isThere);
    }

    private async Task CarryDocumentAsync(
        Descriptor document, ReadOnlyMemory<byte> bytes, bool isThere, int depth, string? reference)
    {
        IReadOnlyList<Descriptor> children = _reader.Count(Remember(document, bytes) ??
            ContentGraph.ParseChildren(document, bytes, _options.Documents));
        bool isIndex = MediaTypes.IsIndex(document.MediaType);
        await CopyChildrenAsync(children, depth + 1, isIndex).ConfigureAwait(false);
        if (isIndex && !_leftOut.IsEmpty)
        {
            _indexes[document.Digest] = children = [.. children.Where(child => !IsLeftOut(child))];
        }

        try
        {
            await PushAsync(document, bytes, reference).ConfigureAwait(false);
        }
        catch (RegistryException exception) when (_trustTarget && MissesContent(exception))
        {
            if (_options.Sparse && isIndex && await AreThereAsync(children).ConfigureAwait(false))
            {
                throw new NotSupportedException(
                    $"The target takes no index without all of its manifests, so '{document.Digest}' cannot be copied sparsely.", exception);
            }

            await CarryAgainAsync(children, isIndex).ConfigureAwait(false);
            await PushAsync(document, bytes, reference).ConfigureAwait(false);
        }

        ContentTransfer.Report(
            _options, document, isThere ? ContentProgressState.AlreadyPresent : ContentProgressState.Completed);
    }

    // Returns what is to be copied of an index, and keeps it for whoever looks for what is attached to it.
    private IReadOnlyList<Descriptor>? Remember(Descriptor document, ReadOnlyMemory<byte>? bytes)
    {
        if (bytes is null || !MediaTypes.IsIndex(document.MediaType))
        {
            return null;
        }

        IReadOnlyList<Descriptor> children = _narrowed.GetValueOrDefault(document.Digest) ??
            ContentGraph.ParseChildren(document, bytes.Value, _options.Documents);
        return _indexes[document.Digest] = children;
    }

    // Then what the target misses is what was left out on purpose.
    private async Task<bool> AreThereAsync(IReadOnlyList<Descriptor> children)
    {
        foreach (Descriptor child in children)
        {
            if (!await WithSlotAsync(token => _target.ExistsAsync(child, token)).ConfigureAwait(false))
            {
                return false;
            }
        }

        return true;
    }

    // The target said that it had content, and then that it had not: it is told once more, and not asked.
    private async Task CarryAgainAsync(IReadOnlyList<Descriptor> children, bool isIndex)
    {
        using var copier = new GraphCopier(
            _source, _target, _options, new GraphReader(_source, _options), _narrowed, _cancellation.Token, trustTarget: false);
        await copier.RunAsync(() => copier.CopyChildrenAsync(children, depth: 1, isIndex)).ConfigureAwait(false);
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

    // A layer of the same digest that this very copy carried proves nothing about what the document refers to, and a sparse
    // index nothing about its children.
    private async Task<bool> IsProvenAsync(Descriptor descriptor) =>
        _trustTarget && !_options.ForceRecursive && _target is not IUncheckedParents && !_narrowed.ContainsKey(descriptor.Digest) &&
        await WithSlotAsync(token => _target.ExistsAsync(descriptor, token)).ConfigureAwait(false) &&
        !_nodes.ContainsKey(ContentKey.Of(descriptor).AsLeaf());

    private Task<bool> PushAsync(Descriptor descriptor, ReadOnlyMemory<byte> bytes, string? reference) =>
        WithSlotAsync(async token =>
        {
            await ContentTransfer.PushTaggedAsync(_target, descriptor, bytes, reference, token).ConfigureAwait(false);
            return true;
        });

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
