using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using OciImage.Content;

namespace OciImage.Tests.Content;

/// <summary>A store whose list of referrers a test may change, and that notes what it is asked; nothing can be mounted from it.</summary>
internal sealed class AttachedSource(MemoryStore inner) : IImageSource, IReferrerSource, IReferenceLister
{
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Gets what is listed for a subject, given what there is.</summary>
    public Func<Descriptor, IEnumerable<Descriptor>, IEnumerable<Descriptor>> List { get; init; } = (_, referrers) => referrers;

    public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        Calls.Enqueue($"open {descriptor.Digest}");
        return inner.OpenReadAsync(descriptor, cancellationToken);
    }

    public ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default)
    {
        Calls.Enqueue($"resolve {reference}");
        return inner.ResolveAsync(reference, cancellationToken);
    }

    public IAsyncEnumerable<string> ListReferencesAsync(CancellationToken cancellationToken = default)
    {
        Calls.Enqueue("tags");
        return inner.ListReferencesAsync(cancellationToken);
    }

    public async IAsyncEnumerable<Descriptor> ListReferrersAsync(
        Descriptor subject, string? artifactType = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Calls.Enqueue($"referrers {subject.Digest}");
        Descriptor[] referrers = await inner.ListReferrersAsync(subject, artifactType, cancellationToken)
            .ToArrayAsync(cancellationToken);
        foreach (Descriptor referrer in List(subject, referrers))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return referrer;
        }
    }
}
