using System.Collections.Concurrent;

namespace OciImage.Layout;

/// <summary>Marks what roots reach. It may be given more roots at any time, and reads nothing twice.</summary>
/// <remarks>
/// Documents are read by their digest alone, whatever size a descriptor claims, so that a descriptor that cannot be true hides
/// nothing. What is marked stays so, which ends every circle.
/// </remarks>
internal sealed class ContentMarker(LayoutBlobs blobs)
{
    // No document is that large (DocumentOptions.DefaultMaxSize), but who wrote it may have had other limits.
    private const int MaxDocumentSize = 64 * 1024 * 1024;
    private const int MinParallel = 64;

    private readonly HashSet<Digest> _reached = [];
    private readonly HashSet<(Digest Digest, bool MustBeDocument)> _read = [];
    private readonly HashSet<Digest> _damaged = [];

    /// <summary>Gets the digests that were reached, those of absent content included.</summary>
    public IReadOnlySet<Digest> Reached => _reached;

    /// <summary>Gets manifests and indexes that are damaged, so that nobody knows what they referred to.</summary>
    public IReadOnlySet<Digest> Damaged => _damaged;

    /// <summary>Marks entries of an index with everything below them.</summary>
    /// <returns>What was not marked before.</returns>
    public IReadOnlyList<Digest> Mark(IEnumerable<Descriptor> roots, CancellationToken cancellationToken) =>
        Mark([.. roots.Select(root => new DocumentLink(root.Digest, root.MediaType, MayHaveLinks: true))], cancellationToken);

    /// <summary>Marks content of which only the digest is known, with everything below it.</summary>
    public void Mark(IEnumerable<Digest> contents, CancellationToken cancellationToken) =>
        Mark([.. contents.Select(digest => new DocumentLink(digest, null, MayHaveLinks: true))], cancellationToken);

    /// <summary>Reads what content refers to, and marks nothing: nothing in what is no document.</summary>
    public IReadOnlyList<DocumentLink> ReadLinks(Digest digest) => Read(digest, mustBeDocument: false).Links;

    private List<Digest> Mark(IReadOnlyList<DocumentLink> found, CancellationToken cancellationToken)
    {
        var reached = new List<Digest>();
        while (found.Count > 0)
        {
            var documents = new List<DocumentLink>();
            foreach (DocumentLink link in found)
            {
                if (_reached.Add(link.Digest))
                {
                    reached.Add(link.Digest);
                }

                // A layer of the same bytes proves nothing: only who takes it for a document reads it as one.
                if (link.MayHaveLinks && _read.Add((link.Digest, MustBeDocument(link))))
                {
                    documents.Add(link);
                }
            }

            found = Read(documents, cancellationToken);
        }

        return reached;
    }

    private List<DocumentLink> Read(List<DocumentLink> documents, CancellationToken cancellationToken)
    {
        var results = new (IReadOnlyList<DocumentLink> Links, bool IsDamaged)[documents.Count];
        var options = new ParallelOptions
        {
            CancellationToken = cancellationToken,
            MaxDegreeOfParallelism = documents.Count < MinParallel ? 1 : Math.Min(Environment.ProcessorCount, 8),
        };
        Parallel.ForEach(Partitioner.Create(0, Math.Max(documents.Count, 1)), options, range =>
        {
            for (int i = range.Item1; i < Math.Min(range.Item2, documents.Count); i++)
            {
                options.CancellationToken.ThrowIfCancellationRequested();
                results[i] = Read(documents[i].Digest, MustBeDocument(documents[i]));
            }
        });

        var links = new List<DocumentLink>();
        for (int i = 0; i < results.Length; i++)
        {
            links.AddRange(results[i].Links);
            if (results[i].IsDamaged)
            {
                _damaged.Add(documents[i].Digest);
            }
        }

        return links;
    }

    // Damaged: it is no regular file, cannot be read, is too large, or has the wrong bytes. Those may hide what the right ones
    // refer to; what they say themselves is kept all the same.
    private (IReadOnlyList<DocumentLink> Links, bool IsDamaged) Read(Digest digest, bool mustBeDocument)
    {
        byte[]? bytes;
        bool isThere;
        try
        {
            bytes = blobs.TryReadFile(
                digest,
                mustBeDocument ? MaxDocumentSize : DocumentOptions.DefaultMaxSize,
                onlyObjects: !mustBeDocument,
                out isThere);
        }
        catch (IOException)
        {
            return ([], mustBeDocument);
        }

        return bytes is null
            ? ([], mustBeDocument && isThere)
            : (DocumentLinks.Find(bytes),
                mustBeDocument && digest.CanVerify && Digest.Compute(bytes, digest.Algorithm) != digest);
    }

    private static bool MustBeDocument(DocumentLink link) => MediaTypes.IsManifestOrIndex(link.MediaType);
}
