using System.Collections.Concurrent;
using OciImage.Content;
using OciImage.TestKit;

namespace OciImage.Tests.Content;

/// <summary>Takes content as a registry does, one call after another noted; it cannot mount, and every call completes late.</summary>
internal sealed class RecordingStore : IImageStore
{
    private readonly MemoryStore _inner = new();
    private int _pushing;
    private int _mostPushing;

    public ConcurrentQueue<string> Calls { get; } = new();

    public ConcurrentDictionary<Digest, int> Pushes { get; } = new();

    public ConcurrentQueue<string> Faults { get; } = new();

    public int MostPushing => _mostPushing;

    /// <summary>Gets what happens when content is pushed, before it lands.</summary>
    public Func<Descriptor, CancellationToken, Task> OnPush { get; init; } = (_, _) => Task.CompletedTask;

    public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        _inner.OpenReadAsync(descriptor, cancellationToken);

    public async ValueTask PushAsync(
        Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default)
    {
        Calls.Enqueue($"push {descriptor.Digest}");
        int pushing = Interlocked.Increment(ref _pushing);
        for (int most = _mostPushing;
            pushing > most && Interlocked.CompareExchange(ref _mostPushing, pushing, most) != most;
            most = _mostPushing)
        {
        }

        try
        {
            await Task.Yield();
            await OnPush(descriptor, cancellationToken);
            await using (Stream stream = await content.OpenAsync(0, cancellationToken))
            {
                var bytes = new MemoryStream();
                await stream.CopyToAsync(bytes, cancellationToken);
                await CheckChildrenAsync(descriptor, bytes.ToArray());
                await _inner.PushAsync(descriptor, ReplayableContent.FromBytes(bytes.ToArray()), cancellationToken);
            }

            Pushes.AddOrUpdate(descriptor.Digest, 1, (_, count) => count + 1);
        }
        finally
        {
            Interlocked.Decrement(ref _pushing);
        }
    }

    public async ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        Calls.Enqueue($"exists {descriptor.Digest}");
        await Task.Yield();
        return await _inner.ExistsAsync(descriptor, cancellationToken);
    }

    public ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default)
    {
        Calls.Enqueue($"resolve {reference}");
        return _inner.ResolveAsync(reference, cancellationToken);
    }

    public ValueTask TagAsync(Descriptor descriptor, string reference, CancellationToken cancellationToken = default)
    {
        Calls.Enqueue($"tag {reference} {descriptor.Digest}");
        return _inner.TagAsync(descriptor, reference, cancellationToken);
    }

    // Whoever sees a parent may rely on all below it.
    private async Task CheckChildrenAsync(Descriptor descriptor, byte[] bytes)
    {
        if (!ContentGraph.HasChildren(descriptor))
        {
            return;
        }

        foreach (Descriptor child in ContentGraph.ParseChildren(descriptor, bytes, new DocumentOptions()))
        {
            if (!await _inner.ExistsAsync(child))
            {
                Faults.Enqueue($"'{descriptor.Digest}' is visible before '{child.Digest}'");
            }
        }
    }
}
