using OciImage.Content;

namespace OciImage.Images;

/// <summary>Reads every byte below a root and says what is wrong: sizes, digests, documents, DiffIDs.</summary>
public static class ImageChecker
{
    // Each round reaches further down: what a document names is known when the document is whole again.
    private const int MaxRounds = 2 * ContentGraph.MaxDepth;

    /// <summary>Checks a manifest or an index with everything below it. A fault does not end the check.</summary>
    /// <remarks>
    /// Layers of images are decompressed and read as archives. A subject is not followed, since it may be absent, and a layer
    /// that must not be distributed may be absent as well. The check gives up after 1000 faults, and its report says so.
    /// </remarks>
    /// <param name="source">The place that has the content.</param>
    /// <param name="root">The manifest, index or blob.</param>
    /// <param name="progress">Told of each piece of content that was read, one after the other, or <see langword="null"/>.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <returns>What was read, and every fault.</returns>
    /// <exception cref="RegistryException">The registry refuses or cannot be reached, so that nothing can be said.</exception>
    public static ValueTask<CheckReport> CheckAsync(
        IContentFetcher source,
        Descriptor root,
        IProgress<ContentProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(root);
        return CheckAsync(source, [root], null, progress, cancellationToken);
    }

    /// <summary>Checks several roots with everything below them; what they share is read once.</summary>
    /// <param name="source">The place that has the content; read by several tasks at once.</param>
    /// <param name="roots">The manifests, indexes or blobs.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="progress">Told of each piece of content that was read, one after the other, or <see langword="null"/>.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <returns>What was read, and every fault, in the order of the roots and of what they name.</returns>
    /// <exception cref="RegistryException">The registry refuses or cannot be reached, so that nothing can be said.</exception>
    public static async ValueTask<CheckReport> CheckAsync(
        IContentFetcher source,
        IReadOnlyList<Descriptor> roots,
        CheckOptions? options,
        IProgress<ContentProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(roots);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var check = new ImageCheck(source, options ?? new CheckOptions(), progress, cancellation);

        return await check.RunAsync(roots, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Checks roots, and replaces what is damaged or missing below them by what other places have.</summary>
    /// <remarks>
    /// What is damaged is taken away even where no source has it: content that is missing can be pushed again, and is not
    /// mistaken for whole. After a repair everything is checked again, since a document that was damaged names more.
    /// </remarks>
    /// <param name="store">The store, which must be able to repair.</param>
    /// <param name="roots">The manifests, indexes or blobs.</param>
    /// <param name="sources">The places that may have the content, asked in turn. May be empty.</param>
    /// <param name="options">The options of the check, or <see langword="null"/> for the defaults.</param>
    /// <param name="progress">Told of each piece of content that was read, or <see langword="null"/>.</param>
    /// <param name="cancellationToken">Cancels the check and the repair.</param>
    /// <returns>What was done, and what is wrong now.</returns>
    /// <exception cref="ArgumentException">The store cannot repair.</exception>
    /// <exception cref="IOException">The store cannot be written.</exception>
    public static async ValueTask<RepairReport> RepairAsync(
        IContentFetcher store,
        IReadOnlyList<Descriptor> roots,
        IReadOnlyList<IContentFetcher> sources,
        CheckOptions? options = null,
        IProgress<ContentProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sources);
        if (store is not IContentRepairer repairer)
        {
            throw new ArgumentException("The store cannot repair content.", nameof(store));
        }

        var results = new Dictionary<Digest, RepairResult>();
        CheckReport report;
        bool isChanged;
        int round = 0;
        do
        {
            report = await CheckAsync(store, roots, options, progress, cancellationToken).ConfigureAwait(false);
            isChanged = false;
            foreach (Descriptor descriptor in report.Faults.Where(IsOfContent).Select(fault => fault.Descriptor))
            {
                if (descriptor.Digest.CanVerify && !results.ContainsKey(descriptor.Digest))
                {
                    RepairResult result =
                        await repairer.RepairAsync(descriptor, sources, cancellationToken).ConfigureAwait(false);
                    results.Add(descriptor.Digest, result);
                    isChanged |= result.Outcome == RepairOutcome.Repaired || result.QuarantinedAs is not null;
                }
            }
        }
        while (isChanged && ++round < MaxRounds);

        return new RepairReport(report, [.. results.Values]);
    }

    // Another DiffID, or a document that says nonsense, is what the digest promises.
    private static bool IsOfContent(CheckFault fault) => fault.Error is ContentVerificationException or ContentNotFoundException;
}
