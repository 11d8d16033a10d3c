namespace OciImage.Content;

/// <content>What <see cref="AttachmentCopier"/> asks for.</content>
internal sealed partial class GraphCopier
{
    /// <summary>Counts what is about to be looked at against the limit.</summary>
    public void Count(int edges) => _reader.Count(edges);

    /// <summary>Returns the children of an index that this copy carried, or that the target has already.</summary>
    public async Task<IReadOnlyList<Descriptor>> ReadIndexAsync(Descriptor index)
    {
        if (_indexes.TryGetValue(index.Digest, out IReadOnlyList<Descriptor>? known))
        {
            return known;
        }

        (_, IReadOnlyList<Descriptor> children) =
            await WithSlotAsync(token => _reader.ReadAsync(index, token)).ConfigureAwait(false);
        return _narrowed.GetValueOrDefault(index.Digest) ?? children;
    }

    /// <summary>Copies a referrer with all below it; returns whether it is one, and the source has it.</summary>
    public async Task<bool> CopyReferrerAsync(Descriptor descriptor, Func<Referrer, bool> isWanted)
    {
        ContentKey key = ContentKey.Of(descriptor);
        if (!_nodes.ContainsKey(key))
        {
            if (await IsProvenAsync(descriptor).ConfigureAwait(false))
            {
                ContentTransfer.Report(_options, descriptor, ContentProgressState.AlreadyPresent);
                return true;
            }

            ReadOnlyMemory<byte> bytes;
            bool isThere;
            try
            {
                (bytes, isThere) = await ReadDocumentAsync(descriptor).ConfigureAwait(false);
            }
            catch (ContentNotFoundException)
            {
                return false;
            }

            if (Referrer.Find(descriptor, bytes) is not { } referrer || !isWanted(referrer))
            {
                return false;
            }

            _nodes.TryAdd(key, new Lazy<Task>(() => CarryDocumentAsync(descriptor, bytes, isThere, depth: 0, reference: null)));
        }

        await _nodes[key].Value.ConfigureAwait(false);
        return true;
    }

    /// <summary>Copies what a tag of the source points to, and tags it alike.</summary>
    public async Task CopyTaggedAsync(Descriptor root, string tag)
    {
        if (!_options.ForceRecursive && _target is not IUncheckedParents &&
            (await WithSlotAsync(token => ContentTransfer.FindTagAsync(_target, tag, token)).ConfigureAwait(false))?.Digest == root.Digest)
        {
            ContentTransfer.Report(_options, root, ContentProgressState.AlreadyPresent);
            return;
        }

        if (ContentGraph.HasChildren(root) && !_nodes.ContainsKey(ContentKey.Of(root)) &&
            !await IsProvenAsync(root).ConfigureAwait(false))
        {
            var mine = new Lazy<Task>(() => CopyDocumentAsync(new GraphRoot(root), depth: 0, tag));
            Lazy<Task> node = _nodes.GetOrAdd(ContentKey.Of(root), mine);
            await node.Value.ConfigureAwait(false);
            if (ReferenceEquals(node, mine))
            {
                return;
            }
        }
        else
        {
            await CopyUntaggedAsync(root).ConfigureAwait(false);
        }

        await TagAsync(root, tag).ConfigureAwait(false);
    }

    /// <summary>Copies a root of its own with all below it.</summary>
    public Task CopyUntaggedAsync(Descriptor root) => CopyChildrenAsync([root], depth: 0, mayBeSparse: false);
}
