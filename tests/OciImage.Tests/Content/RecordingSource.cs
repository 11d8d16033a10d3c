using System.Collections.Concurrent;
using OciImage.Content;

namespace OciImage.Tests.Content;

/// <summary>Gives content of another store and notes what was opened; nothing can be mounted from it.</summary>
internal sealed class RecordingSource(IContentFetcher inner) : IContentFetcher
{
    public ConcurrentQueue<Digest> Opened { get; } = new();

    /// <summary>Gets what happens when content is opened.</summary>
    public Func<Descriptor, CancellationToken, Task> OnOpen { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>Gets what becomes of the bytes on their way.</summary>
    public Func<Descriptor, Stream, Stream> Change { get; init; } = (_, stream) => stream;

    public async ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        Opened.Enqueue(descriptor.Digest);
        await Task.Yield();
        await OnOpen(descriptor, cancellationToken);
        ContentStream stream = await inner.OpenReadAsync(descriptor, cancellationToken);
        Stream changed = Change(descriptor, stream);

        return changed as ContentStream ?? new ContentStream(changed, descriptor);
    }
}
