namespace OciImage.Content;

/// <summary>Copies what is attached to the documents of a graph: their referrers and the tags made of their digests.</summary>
/// <remarks>
/// It goes level by level: what is attached to the graph, what is attached to that, and so on. No document is looked at twice,
/// so subjects in a circle end; chains are bounded by depth, lists by <see cref="CopyOptions.MaxNodes"/>.
/// </remarks>
internal sealed class AttachmentCopier(IContentFetcher source, IContentStore target, CopyOptions options, GraphCopier copier)
{
    private const int MaxDepth = 16;

    private readonly HashSet<ContentKey> _seen = [];
    private DigestTags? _tags;

    public static bool IsWanted(CopyOptions options) => options.IncludeReferrers || options.IncludeDigestTags;

    /// <summary>Refuses stores that cannot do what the options ask for, before anything is written.</summary>
    public static void Check(IContentFetcher source, IContentStore target, CopyOptions options)
    {
        if (options.IncludeReferrers && source is not IReferrerSource)
        {
            throw new NotSupportedException("The source of the copy cannot list referrers.");
        }

        if (options.IncludeDigestTags && source is not (IReferenceLister and IReferenceResolver))
        {
            throw new NotSupportedException("The source of the copy cannot list tags.");
        }

        if (options.IncludeDigestTags && target is not IReferenceTagger)
        {
            throw new NotSupportedException("The target of the copy cannot hold tags.");
        }
    }

    public async Task CopyAsync(Descriptor root)
    {
        if (options.IncludeDigestTags)
        {
            _tags = await copier.WithSlotAsync(token => CopyFailure
                .MarkAsync(CopySide.Source, DigestTags.ListAsync((IReferenceLister)source, token))).ConfigureAwait(false);
        }

        List<Descriptor> level = await CollectAsync([root]).ConfigureAwait(false);
        for (int depth = 0; level.Count > 0; depth++)
        {
            IReadOnlyList<Descriptor>[] found = await copier
                .WatchAllAsync(level, CopyAttachedAsync).ConfigureAwait(false);
            level = await CollectAsync(found.SelectMany(attached => attached)).ConfigureAwait(false);
            if (level.Count > 0 && depth == MaxDepth)
            {
                throw new DocumentFormatException($"'{level[0].Digest}' is attached to '{root.Digest}' more than {MaxDepth} referrers deep.");
            }
        }
    }

    // Returns the documents from some roots down that were not looked at before.
    private async Task<List<Descriptor>> CollectAsync(IEnumerable<Descriptor> roots)
    {
        var documents = new List<Descriptor>();
        var left = new Queue<Descriptor>(roots);
        while (left.TryDequeue(out Descriptor? document))
        {
            if (!ContentGraph.HasChildren(document) || !_seen.Add(ContentKey.Of(document)))
            {
                continue;
            }

            documents.Add(document);
            if (MediaTypes.IsIndex(document.MediaType))
            {
                foreach (Descriptor child in await copier.ReadIndexAsync(document).ConfigureAwait(false))
                {
                    left.Enqueue(child);
                }
            }
        }

        return documents;
    }

    private async Task<IReadOnlyList<Descriptor>> CopyAttachedAsync(Descriptor subject)
    {
        var attached = new List<Descriptor>();
        if (options.IncludeReferrers)
        {
            IReadOnlyList<Descriptor> referrers = await copier.WithSlotAsync(token => CopyFailure
                .MarkAsync(CopySide.Source, ListAsync(subject, token))).ConfigureAwait(false);
            Descriptor?[] copied = await copier
                .WatchAllAsync(referrers, referrer => CopyReferrerAsync(referrer, subject)).ConfigureAwait(false);
            attached.AddRange(copied.OfType<Descriptor>());
        }

        foreach (string tag in _tags?.Of(subject.Digest) ?? [])
        {
            if (await CopyTagAsync(tag, isBare: tag == DigestTags.BareTag(subject.Digest)).ConfigureAwait(false) is { } root)
            {
                attached.Add(root);
            }
        }

        return attached;
    }

    // Every entry counts, wanted or not: a list without end ends here.
    private async ValueTask<IReadOnlyList<Descriptor>> ListAsync(Descriptor subject, CancellationToken cancellationToken)
    {
        string? onlyType = options.ReferrerTypes.Count == 1 ? options.ReferrerTypes[0] : null;
        var referrers = new Dictionary<ContentKey, Descriptor>();
        await foreach (Descriptor referrer in ((IReferrerSource)source)
            .ListReferrersAsync(subject.ToContentDescriptor(), onlyType, cancellationToken).ConfigureAwait(false))
        {
            copier.Count(1);
            if (IsWantedType(referrer.ArtifactType) && !_seen.Contains(ContentKey.Of(referrer)))
            {
                referrers.TryAdd(ContentKey.Of(referrer), referrer.ToContentDescriptor());
            }
        }

        return [.. referrers.Values];
    }

    private async Task<Descriptor?> CopyReferrerAsync(Descriptor referrer, Descriptor subject)
    {
        bool isCopied = ContentGraph.HasChildren(referrer) && await copier
            .CopyReferrerAsync(referrer, found => found.Subject == subject.Digest && IsWantedType(found.Descriptor.ArtifactType))
            .ConfigureAwait(false);
        if (isCopied)
        {
            return referrer;
        }

        ContentTransfer.Report(options, referrer, ContentProgressState.LeftOut);
        return null;
    }

    private bool IsWantedType(string? artifactType) =>
        options.ReferrerTypes.Count == 0 || options.ReferrerTypes.Contains(artifactType, StringComparer.Ordinal);

    // A bare tag of an index lists referrers, and the target's own list may know of others.
    private async Task<Descriptor?> CopyTagAsync(string tag, bool isBare)
    {
        Descriptor root;
        try
        {
            root = await copier.WithSlotAsync(token => CopyFailure
                .MarkAsync(CopySide.Source, ((IReferenceResolver)source).ResolveAsync(tag, token))).ConfigureAwait(false);
        }
        catch (ContentNotFoundException)
        {
            // It was removed after the tags were listed.
            return null;
        }

        bool isList = isBare && MediaTypes.IsIndex(root.MediaType);
        if (isList && options.IncludeReferrers)
        {
            return null;
        }

        copier.Count(1);
        if (!isList)
        {
            await copier.CopyTaggedAsync(root, tag).ConfigureAwait(false);
            return root;
        }

        await copier.CopyUntaggedAsync(root).ConfigureAwait(false);
        if (await copier.WithSlotAsync(token => ContentTransfer.FindTagAsync(target, tag, token)).ConfigureAwait(false) is null)
        {
            await copier.TagAsync(root, tag).ConfigureAwait(false);
        }

        return root;
    }
}
