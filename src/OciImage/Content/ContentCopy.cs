using System.Runtime.CompilerServices;

namespace OciImage.Content;

/// <summary>Copies content between stores; every transfer of an image is such a copy.</summary>
public static class ContentCopy
{
    /// <summary>Copies one piece of content, without what it refers to. Content that is at the target already is not read.</summary>
    /// <param name="source">The place that has the content.</param>
    /// <param name="target">The place that gets it.</param>
    /// <param name="descriptor">The content.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the copy; nothing becomes visible then.</param>
    /// <returns>A task that ends when the content is visible at the target.</returns>
    /// <exception cref="ContentNotFoundException">The source has no such content.</exception>
    /// <exception cref="ContentVerificationException">The source's bytes are not what the descriptor says.</exception>
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
        options ??= new CopyOptions();

        await ContentTransfer.TransferAsync(source, target, descriptor, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Copies a root with everything below it, children before parents, then tags it.</summary>
    /// <remarks>
    /// Each piece of content is carried once; whoever needs it waits for it. A parent is written after every child has
    /// landed, so that whoever sees it may rely on everything below. The first failure ends the copy and is the one thrown;
    /// what had landed stays.
    /// </remarks>
    /// <param name="source">The place that has the content.</param>
    /// <param name="target">The place that gets it.</param>
    /// <param name="root">The manifest, index or blob to copy.</param>
    /// <param name="reference">The tag for the root at the target, or <see langword="null"/> for none.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the copy; the tag is then either as before or as wanted.</param>
    /// <returns>What was tagged: another descriptor than the root where <see cref="CopyOptions.Platforms"/> narrowed it.</returns>
    /// <exception cref="ContentNotFoundException">The source lacks content, or the index lacks a platform.</exception>
    /// <exception cref="ContentVerificationException">The source's bytes are not what a descriptor says.</exception>
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
        options = options?.Clone() ?? new CopyOptions();
        if (options.Verifier is not null)
        {
            await options.Verifier.VerifyAsync(root, source, cancellationToken).ConfigureAwait(false);
        }

        GraphRoot selected = await GraphRoot.SelectAsync(source, root, options, cancellationToken).ConfigureAwait(false);
        if (!options.ForceRecursive && reference is not null &&
            await IsTaggedAsync(target, selected.Descriptor, reference, cancellationToken).ConfigureAwait(false))
        {
            return selected.Descriptor;
        }

        using var copier = new GraphCopier(source, target, options, cancellationToken);
        await copier.CopyAsync(selected, reference).ConfigureAwait(false);

        return selected.Descriptor;
    }

    /// <summary>Walks a root and everything below it, each piece of content once, children before parents.</summary>
    /// <param name="source">The place that has the content.</param>
    /// <param name="root">The manifest, index or blob to start from.</param>
    /// <param name="options">The limits for documents, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the walk.</param>
    /// <returns>The descriptors.</returns>
    /// <exception cref="ContentNotFoundException">The source lacks a manifest or an index.</exception>
    /// <exception cref="DocumentFormatException">A manifest or an index is malformed, too deep or too large.</exception>
    public static async IAsyncEnumerable<Descriptor> WalkAsync(
        IContentFetcher source,
        Descriptor root,
        CopyOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(root);
        options ??= new CopyOptions();
        var seen = new HashSet<(Digest, string)>();
        var path = new Stack<(Descriptor Node, Queue<Descriptor> Left)>();
        Descriptor? next = root;
        while (next is not null || path.Count > 0)
        {
            if (next is null)
            {
                if (path.Peek().Left.TryDequeue(out next))
                {
                    continue;
                }

                yield return path.Pop().Node;
                continue;
            }

            Descriptor node = next;
            next = null;
            if (!seen.Add((node.Digest, node.MediaType)))
            {
                continue;
            }

            if (seen.Count > options.MaxNodes)
            {
                throw ContentGraph.TooMany(options.MaxNodes);
            }

            if (path.Count >= ContentGraph.MaxDepth)
            {
                throw ContentGraph.TooDeep(node);
            }

            if (!ContentGraph.HasChildren(node))
            {
                yield return node;
                continue;
            }

            byte[] bytes = await ContentGraph.ReadAsync(source, node, options.Documents, cancellationToken)
                .ConfigureAwait(false);
            path.Push((node, new Queue<Descriptor>(ContentGraph.ParseChildren(node, bytes, options.Documents))));
        }
    }

    private static async ValueTask<bool> IsTaggedAsync(
        IContentStore target, Descriptor descriptor, string reference, CancellationToken cancellationToken)
    {
        if (target is not IReferenceResolver resolver)
        {
            return false;
        }

        try
        {
            Descriptor tagged = await resolver.ResolveAsync(reference, cancellationToken).ConfigureAwait(false);
            return tagged.Digest == descriptor.Digest;
        }
        catch (ContentNotFoundException)
        {
            return false;
        }
    }
}
