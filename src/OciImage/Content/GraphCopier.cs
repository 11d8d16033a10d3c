using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace OciImage.Content;

/// <summary>Carries one graph from a source to a target.</summary>
/// <remarks>
/// Every node is a task, started once and awaited by each parent: a shared blob is waited for, not skipped. A task holds
/// one of the slots only while it moves bytes, never while it waits for children, so slots cannot run out in a circle.
/// </remarks>
internal sealed class GraphCopier : IDisposable
{
    private readonly IContentFetcher _source;
    private readonly IContentStore _target;
    private readonly CopyOptions _options;
    private readonly SemaphoreSlim _slots;
    private readonly CancellationTokenSource _cancellation;
    private readonly ConcurrentDictionary<(Digest, string), Lazy<Task>> _nodes = new();
    private ExceptionDispatchInfo? _failure;
    private int _count;

    public GraphCopier(
        IContentFetcher source, IContentStore target, CopyOptions options, CancellationToken cancellationToken)
    {
        _source = source;
        _target = target;
        _options = options;
        _slots = new SemaphoreSlim(options.MaxConcurrency);
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    public async Task CopyAsync(GraphRoot root, string? reference)
    {
        try
        {
            await CopyRootAsync(root, reference).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Fail(exception);
        }

        // Every task has ended before the slots and the token source are disposed.
        await Task.WhenAll(_nodes.Values.Select(node => node.Value)).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing);
        _failure?.Throw();
    }

    public void Dispose()
    {
        _slots.Dispose();
        _cancellation.Dispose();
    }

    private async Task CopyRootAsync(GraphRoot root, string? reference)
    {
        Descriptor descriptor = root.Descriptor;
        if (MediaTypes.IsDockerSchema1(descriptor.MediaType))
        {
            throw ContentGraph.Schema1(descriptor);
        }

        bool present = !_options.ForceRecursive &&
            await _target.ExistsAsync(descriptor, _cancellation.Token).ConfigureAwait(false);
        ReadOnlyMemory<byte>? bytes = root.Bytes;
        if (!present && ContentGraph.HasChildren(descriptor))
        {
            bytes ??= await ReadAsync(descriptor).ConfigureAwait(false);
            IReadOnlyList<Descriptor> children =
                root.Children ?? ContentGraph.ParseChildren(descriptor, bytes.Value, _options.Documents);
            await CopyChildrenAsync(children, depth: 1).ConfigureAwait(false);
        }

        if (reference is not null && !present && bytes is { } content && _target is IReferencePusher pusher)
        {
            await pusher
                .PushAsync(descriptor, ReplayableContent.FromBytes(content), reference, _cancellation.Token)
                .ConfigureAwait(false);
            ContentTransfer.Report(_options, descriptor, ContentProgressState.Completed);
            return;
        }

        if (present)
        {
            ContentTransfer.Report(_options, descriptor, ContentProgressState.AlreadyPresent);
        }
        else
        {
            await PushAsync(descriptor, bytes).ConfigureAwait(false);
        }

        if (reference is not null)
        {
            await ContentTransfer.TagAsync(_target, descriptor, reference, _cancellation.Token).ConfigureAwait(false);
        }
    }

    private Task CopyChildrenAsync(IReadOnlyList<Descriptor> children, int depth)
    {
        if (Interlocked.Add(ref _count, children.Count) > _options.MaxNodes)
        {
            throw ContentGraph.TooMany(_options.MaxNodes);
        }

        var tasks = new List<Task>(children.Count);
        foreach (Descriptor child in children)
        {
            Lazy<Task> node = _nodes.GetOrAdd(
                (child.Digest, child.MediaType),
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
            if (depth > ContentGraph.MaxDepth)
            {
                throw ContentGraph.TooDeep(descriptor);
            }

            if (ContentGraph.HasChildren(descriptor))
            {
                await CopyParentAsync(descriptor, depth).ConfigureAwait(false);
            }
            else
            {
                await CopyBlobAsync(descriptor).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            Fail(exception);
            throw;
        }
    }

    private async Task CopyParentAsync(Descriptor descriptor, int depth)
    {
        if (!_options.ForceRecursive && await ExistsAsync(descriptor).ConfigureAwait(false))
        {
            ContentTransfer.Report(_options, descriptor, ContentProgressState.AlreadyPresent);
            return;
        }

        byte[] bytes = await ReadAsync(descriptor).ConfigureAwait(false);
        await CopyChildrenAsync(ContentGraph.ParseChildren(descriptor, bytes, _options.Documents), depth + 1)
            .ConfigureAwait(false);
        await PushAsync(descriptor, bytes).ConfigureAwait(false);
    }

    private async Task CopyBlobAsync(Descriptor descriptor)
    {
        await _slots.WaitAsync(_cancellation.Token).ConfigureAwait(false);
        try
        {
            await ContentTransfer
                .TransferAsync(_source, _target, descriptor, _options, _cancellation.Token)
                .ConfigureAwait(false);
        }
        catch (ContentNotFoundException) when (
            MediaTypes.IsNonDistributable(descriptor.MediaType) && descriptor.Urls.Count > 0)
        {
            // Such a layer is meant to be fetched from its URLs; an image without it is what its author published.
        }
        finally
        {
            _slots.Release();
        }
    }

    private async Task<bool> ExistsAsync(Descriptor descriptor)
    {
        await _slots.WaitAsync(_cancellation.Token).ConfigureAwait(false);
        try
        {
            return await _target.ExistsAsync(descriptor, _cancellation.Token).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    private async Task<byte[]> ReadAsync(Descriptor descriptor)
    {
        await _slots.WaitAsync(_cancellation.Token).ConfigureAwait(false);
        try
        {
            return await ContentGraph.ReadAsync(_source, descriptor, _options.Documents, _cancellation.Token)
                .ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    private async Task PushAsync(Descriptor descriptor, ReadOnlyMemory<byte>? bytes)
    {
        await _slots.WaitAsync(_cancellation.Token).ConfigureAwait(false);
        try
        {
            if (bytes is { } content)
            {
                await _target
                    .PushAsync(descriptor, ReplayableContent.FromBytes(content), _cancellation.Token)
                    .ConfigureAwait(false);
                ContentTransfer.Report(_options, descriptor, ContentProgressState.Completed);
                return;
            }

            await ContentTransfer
                .TransferAsync(_source, _target, descriptor, _options, _cancellation.Token)
                .ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    // The first failure is the cause; what follows from the cancellation it brings is not.
    private void Fail(Exception exception)
    {
        if (Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null) is null)
        {
            _cancellation.Cancel();
        }
    }
}
