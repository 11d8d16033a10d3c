using OciImage.Content;
using OciImage.Linux;

namespace OciImage.Layers;

/// <summary>Writes a layer of what differs between two trees: applied to the lower tree, it gives the upper one.</summary>
public static class LayerDiff
{
    /// <summary>Gets whether this system can compare trees: Linux on x64 and arm64 can.</summary>
    public static bool IsSupported => Libc.IsSupported;

    /// <summary>Writes what differs between two directories.</summary>
    /// <remarks>
    /// <para>
    /// A name differs where its type, mode, owner, extended attributes, link target, device, size, time or hard links do; content
    /// is compared as <see cref="LayerDiffOptions.CompareContent"/> says. What is gone becomes one explicit whiteout a name, with the
    /// time 1970-01-01. The directories above each difference are in the layer too, the root only where it differs itself.
    /// Sockets count as absent.
    /// </para>
    /// <para>
    /// All names of a file that is in the layer and has several are in it, the first with the content: no hard link leads
    /// out of the layer. The same trees give the same DiffID on every machine.
    /// </para>
    /// </remarks>
    /// <param name="target">The store that takes the layer in.</param>
    /// <param name="lowerDirectory">The directory as it was; a link at the end of the path is followed.</param>
    /// <param name="upperDirectory">The directory as it is now; a link at the end of the path is followed.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the writing; nothing becomes visible then.</param>
    /// <returns>The layer, or <see langword="null"/> where nothing differs: nothing is stored then.</returns>
    /// <exception cref="PlatformNotSupportedException">The system is not one that <see cref="IsSupported"/> is true on.</exception>
    /// <exception cref="IOException">A directory is missing, a file cannot be read, or one was changed while it was read.</exception>
    /// <exception cref="LayerException">A name is that of a whiteout, or cannot stand in an archive.</exception>
    public static async ValueTask<WrittenLayer?> WriteAsync(
        IContentIngester target,
        string lowerDirectory,
        string upperDirectory,
        LayerDiffOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentException.ThrowIfNullOrEmpty(lowerDirectory);
        ArgumentException.ThrowIfNullOrEmpty(upperDirectory);
        ThrowIfUnsupported();
        using var lower = new LowerDirectory(lowerDirectory);
        return await WriteAsync(target, lower, upperDirectory, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes what differs between a recorded tree and a directory.</summary>
    /// <remarks>
    /// What <see cref="WriteAsync(IContentIngester, string, string, LayerDiffOptions?, CancellationToken)"/> says holds here; content is
    /// compared by its SHA-256. With <see cref="TreeManifest.Empty"/> the layer has the whole tree, its root included.
    /// </remarks>
    /// <param name="target">The store that takes the layer in.</param>
    /// <param name="lower">What was recorded of the tree as it was.</param>
    /// <param name="upperDirectory">The directory as it is now; a link at the end of the path is followed.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the writing; nothing becomes visible then.</param>
    /// <returns>The layer, or <see langword="null"/> where nothing differs: nothing is stored then.</returns>
    /// <exception cref="PlatformNotSupportedException">The system is not one that <see cref="IsSupported"/> is true on.</exception>
    /// <exception cref="IOException">The directory is missing, a file cannot be read, or one was changed while it was read.</exception>
    /// <exception cref="LayerException">A name is that of a whiteout, or cannot stand in an archive.</exception>
    public static async ValueTask<WrittenLayer?> WriteAsync(
        IContentIngester target,
        TreeManifest lower,
        string upperDirectory,
        LayerDiffOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(lower);
        ArgumentException.ThrowIfNullOrEmpty(upperDirectory);
        ThrowIfUnsupported();
        return await WriteAsync(target, new LowerManifest(lower), upperDirectory, options, cancellationToken).ConfigureAwait(false);
    }

    internal static void ThrowIfUnsupported()
    {
        if (!IsSupported)
        {
            throw new PlatformNotSupportedException(
                "Trees with owners, modes, devices and links can only be compared on Linux (x64, arm64); use a container or a virtual machine there.");
        }
    }

    private static async ValueTask<WrittenLayer?> WriteAsync(
        IContentIngester target,
        ILowerTree lower,
        string upperDirectory,
        LayerDiffOptions? options,
        CancellationToken cancellationToken)
    {
        options = options?.Clone() ?? new LayerDiffOptions();
        var remarks = new LayerRemarks();
        using var upper = new DirectoryWalk(upperDirectory, new LeftOut(remarks));
        IReadOnlyList<TreeChange> changes = await new TreeComparison(lower, upper, options.CompareContent)
            .RunAsync(cancellationToken)
            .ConfigureAwait(false);
        if (changes.Count == 0)
        {
            return null;
        }

        using var files = new OpenTree(upper.Start);
        return await LayerOutput
            .WriteAsync(target, changes.Select(change => change.ToSourceNode(files, options)), options, remarks, cancellationToken)
            .ConfigureAwait(false);
    }
}
