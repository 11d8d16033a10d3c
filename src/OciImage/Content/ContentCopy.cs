using System.Runtime.CompilerServices;

namespace OciImage.Content;

/// <summary>Copies content between stores; every transfer of an image is such a copy.</summary>
public static class ContentCopy
{
    /// <summary>Copies one piece of content, without what it refers to. Content that is at the target already is not read.</summary>
    /// <param name="source">The place that has the content.</param>
    /// <param name="target">The place that gets it.</param>
    /// <param name="descriptor">The content.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults; those about graphs mean nothing here.</param>
    /// <param name="cancellationToken">Cancels the copy; nothing becomes visible then.</param>
    /// <returns>A task that ends when the content is visible at the target.</returns>
    /// <exception cref="ContentNotFoundException">The source has no such content.</exception>
    /// <exception cref="ContentVerificationException">The source's bytes are not what the descriptor says, or it cannot be verified.</exception>
    /// <exception cref="DocumentFormatException">The content is a Docker image manifest of schema 1.</exception>
    public static async ValueTask CopyAsync(
        IContentFetcher source,
        IContentStore target,
        Descriptor descriptor,
        CopyOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(descriptor);
        options = options?.Clone() ?? new CopyOptions();
        try
        {
            ContentGraph.Check(descriptor, depth: 0);
            using IDisposable? hold = (target as IContentHolder)?.TryHold();
            await ContentTransfer
                .TransferAsync(source, target, descriptor, options, trustTarget: true, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            CopyFailure.Mark(exception, CopySide.Target);
            throw;
        }
    }

    /// <summary>Copies a root with everything below it, children before parents, then tags it.</summary>
    /// <remarks>
    /// <para>
    /// Each piece of content is carried once; whoever needs it waits for it. A parent is written after every child has
    /// landed, so that whoever sees it may rely on everything below. The first failure ends the copy and is the one thrown;
    /// what had landed stays. <see cref="CopyFailure"/> tells at which end it was.
    /// </para>
    /// <para>
    /// What a manifest's <c>subject</c> names is not below it. What refers to the copied documents, and the tags made of their
    /// digests, come along where <see cref="CopyOptions.IncludeReferrers"/> and <see cref="CopyOptions.IncludeDigestTags"/> say
    /// so: after what they belong to, and before the root is tagged. Content of unknown media types has nothing below it and is
    /// carried as it is. A non-distributable layer that has URLs is carried where the source has it and left out where not.
    /// </para>
    /// </remarks>
    /// <param name="source">The place that has the content.</param>
    /// <param name="target">The place that gets it.</param>
    /// <param name="root">The manifest, index or blob to copy.</param>
    /// <param name="reference">The tag for the root at the target, or <see langword="null"/> for none.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the copy; the tag is then either as before or as wanted.</param>
    /// <returns>What was tagged: another descriptor than the root where <see cref="CopyOptions.Platforms"/> narrowed it.</returns>
    /// <exception cref="ArgumentException">The tag is empty, or not one that the target can hold.</exception>
    /// <exception cref="NotSupportedException">
    /// A tag is given, and the target is no <see cref="IReferenceTagger"/>; or the options ask for referrers or digest tags, which
    /// the source cannot list or the target cannot hold.
    /// </exception>
    /// <exception cref="ContentNotFoundException">The source lacks content, or the index lacks a platform.</exception>
    /// <exception cref="ContentVerificationException">The source's bytes are not what a descriptor says, or it cannot be verified.</exception>
    /// <exception cref="DocumentFormatException">A manifest or an index is malformed, too deep or too large.</exception>
    public static async ValueTask<Descriptor> CopyGraphAsync(
        IContentFetcher source,
        IContentStore target,
        Descriptor root,
        string? reference = null,
        CopyOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(root);
        if (reference is not null)
        {
            ArgumentException.ThrowIfNullOrEmpty(reference);
            if (target is not IReferenceTagger)
            {
                throw new NotSupportedException("The target of the copy cannot hold tags.");
            }
        }

        options = options?.Clone() ?? new CopyOptions();
        AttachmentCopier.Check(source, target, options);
        if (options.Verifier is not null)
        {
            await options.Verifier.VerifyAsync(root, source, cancellationToken).ConfigureAwait(false);
        }

        GraphRoot selected = await CopyFailure
            .MarkAsync(CopySide.Source, GraphRoot.SelectAsync(source, root, options, cancellationToken))
            .ConfigureAwait(false);

        // Two requests are all that a copy of what is there costs: the caller's to the source, and this one to the target.
        bool isTagged = !options.ForceRecursive && reference is not null && selected.Narrowed is null &&
            target is not IUncheckedParents &&
            (await ContentTransfer.FindTagAsync(target, reference, cancellationToken).ConfigureAwait(false))?.Digest ==
            selected.Descriptor.Digest;
        if (isTagged && !AttachmentCopier.IsWanted(options))
        {
            ContentTransfer.Report(options, selected.Descriptor, ContentProgressState.AlreadyPresent);
            return selected.Descriptor;
        }

        using IDisposable? hold = (target as IContentHolder)?.TryHold();
        using var copier = new GraphCopier(
            source, target, options, new GraphReader(source, options), selected.Narrowed, cancellationToken);
        await copier.CopyAsync(selected, reference, isTagged).ConfigureAwait(false);

        return selected.Descriptor;
    }

    /// <summary>Walks a root and everything below it, each piece of content once, children before parents.</summary>
    /// <remarks>Only manifests and indexes are read; that other content is there is not looked at.</remarks>
    /// <param name="source">The place that has the content.</param>
    /// <param name="root">The manifest, index or blob to start from.</param>
    /// <param name="options">The limits, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the walk.</param>
    /// <returns>The descriptors.</returns>
    /// <exception cref="ContentNotFoundException">The source lacks a manifest or an index.</exception>
    /// <exception cref="ContentVerificationException">A manifest or an index is not what its descriptor says.</exception>
    /// <exception cref="DocumentFormatException">A manifest or an index is malformed, too deep or too large.</exception>
    public static IAsyncEnumerable<Descriptor> WalkAsync(
        IContentFetcher source,
        Descriptor root,
        CopyOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(root);
        return WalkNodesAsync(
            new GraphReader(source, options?.Clone() ?? new CopyOptions()), root, cancellationToken);
    }

    private static async IAsyncEnumerable<Descriptor> WalkNodesAsync(
        GraphReader reader, Descriptor root, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new HashSet<ContentKey>();
        var path = new Stack<(Descriptor Node, Queue<Descriptor> Left)>();
        path.Push((root, new Queue<Descriptor>([root])));
        while (true)
        {
            (Descriptor parent, Queue<Descriptor> left) = path.Peek();
            if (left.TryDequeue(out Descriptor? node))
            {
                if (!seen.Add(ContentKey.Of(node)))
                {
                    continue;
                }

                // The first entry of the path stands for nothing: it only holds the root.
                ContentGraph.Check(node, depth: path.Count - 1);
                if (!ContentGraph.HasChildren(node))
                {
                    yield return node;
                    continue;
                }

                var (_, children) = await reader.ReadAsync(node, cancellationToken).ConfigureAwait(false);
                path.Push((node, new Queue<Descriptor>(children)));
                continue;
            }

            path.Pop();
            if (path.Count == 0)
            {
                yield break;
            }

            yield return parent;
        }
    }
}
