namespace OciImage.Content;

/// <summary>Finds the manifests of some platforms below an index, through indexes in it.</summary>
internal sealed class PlatformNarrowing(IContentFetcher source, CopyOptions options)
{
    private const string AttestationSubject = "vnd.docker.reference.digest";

    private readonly GraphReader _reader = new(source, options);
    private readonly PlatformMatcher[] _wanted = [.. options.Platforms.Select(platform => new PlatformMatcher(platform))];
    private readonly HashSet<Digest> _visited = [];
    private readonly List<Candidate> _candidates = [];
    private readonly List<Platform> _seen = [];
    private ReadOnlyMemory<byte> _root;

    public async ValueTask<GraphRoot> SelectAsync(Descriptor root, CancellationToken cancellationToken)
    {
        await CollectAsync(new Place(root, null, null), depth: 0, cancellationToken).ConfigureAwait(false);
        var chosen = new HashSet<Candidate>();
        for (int i = 0; i < _wanted.Length; i++)
        {
            chosen.Add(Select(_wanted[i]) ?? throw new ContentNotFoundException(
                $"Index '{root.Digest}' has no manifest for platform '{options.Platforms[i]}'; it has {Available()}."));
        }

        // Attestations belong to what they attest, wherever an index keeps both.
        HashSet<string> digests = [.. chosen.Select(candidate => candidate.Entry.Digest.ToString())];
        Candidate[] kept =
        [
            .. _candidates.Where(candidate => chosen.Contains(candidate) ||
                (candidate.Entry.Annotations.TryGetValue(AttestationSubject, out string? subject) && digests.Contains(subject))),
        ];
        if (options.Sparse)
        {
            return new GraphRoot(root, _root, Narrow(kept));
        }

        if (digests.Count == 1)
        {
            return new GraphRoot(chosen.First().Entry.ToContentDescriptor());
        }

        // The entries keep the order of the index they come from, which is the order of preference.
        ImageIndex index = OciDocument<ImageIndex>.Parse(_root, root.MediaType, options.Documents).Value;
        var document = OciDocument<ImageIndex>.Create(
            index with { Manifests = [.. kept.Select(candidate => candidate.Entry).Distinct()] }, root.MediaType);

        return new GraphRoot(document.Descriptor, document.Bytes);
    }

    private async ValueTask CollectAsync(Place place, int depth, CancellationToken cancellationToken)
    {
        if (depth > ContentGraph.MaxDepth)
        {
            throw ContentGraph.TooDeep(place.Index);
        }

        if (!_visited.Add(place.Index.Digest))
        {
            return;
        }

        (ReadOnlyMemory<byte> bytes, IReadOnlyList<Descriptor> entries) =
            await _reader.ReadAsync(place.Index, cancellationToken).ConfigureAwait(false);
        _root = depth == 0 ? bytes : _root;
        foreach (Descriptor entry in entries)
        {
            if (entry.Platform is not null)
            {
                _seen.Add(entry.Platform);
            }

            if (!MediaTypes.IsIndex(entry.MediaType))
            {
                // A manifest that does not say what it is for is for what its index is said to be for.
                _candidates.Add(new Candidate(entry.Platform is null ? entry with { Platform = place.Platform } : entry, entry, place));
            }
            else if (entry.Platform is null || _wanted.Any(platform => platform.Matches(entry.Platform)))
            {
                await CollectAsync(new Place(entry, entry.Platform ?? place.Platform, place), depth + 1, cancellationToken)
                    .ConfigureAwait(false);
            }
        }
    }

    private Candidate? Select(PlatformMatcher platform)
    {
        Candidate[] fitting =
            [.. _candidates.Where(candidate => candidate.Place.Platform is null || platform.Matches(candidate.Place.Platform))];
        Descriptor? best = platform.Select(fitting.Select(candidate => candidate.Entry));

        return fitting.FirstOrDefault(candidate => ReferenceEquals(candidate.Entry, best));
    }

    // Every index on the way to what was kept is copied, too, with no other children than those.
    private static Dictionary<Digest, IReadOnlyList<Descriptor>> Narrow(IEnumerable<Candidate> kept)
    {
        var narrowed = new Dictionary<Digest, IReadOnlyList<Descriptor>>();
        foreach (Candidate candidate in kept)
        {
            Descriptor child = candidate.Original;
            for (Place? place = candidate.Place; place is not null; place = place.Parent)
            {
                IReadOnlyList<Descriptor> children = narrowed.GetValueOrDefault(place.Index.Digest) ?? [];
                if (!children.Contains(child))
                {
                    narrowed[place.Index.Digest] = [.. children, child];
                }

                child = place.Index;
            }
        }

        return narrowed;
    }

    private string Available()
    {
        string[] platforms = [.. _seen.Select(platform => platform.ToString()).Distinct().Take(20)];
        return platforms.Length == 0 ? "none" : string.Join(", ", platforms.Select(platform => $"'{Excerpt.Of(platform)}'"));
    }

    private sealed record Place(Descriptor Index, Platform? Platform, Place? Parent);

    private sealed class Candidate(Descriptor entry, Descriptor original, Place place)
    {
        public Descriptor Entry => entry;

        public Descriptor Original => original;

        public Place Place => place;
    }
}
