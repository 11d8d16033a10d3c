using System.Globalization;
using System.Text;
using OciImage.Content;
using OciImage.Linux;

namespace OciImage.Layers;

/// <summary>Applies the layers of an image to a directory tree (image-spec 1.1.1, layer.md, "Applying Changesets").</summary>
public static class LayerUnpacker
{
    /// <summary>Gets whether this system can make an exact tree, with owners, modes, devices and links: Linux on x64 and arm64 can.</summary>
    public static bool IsSupported => Libc.IsSupported;

    /// <summary>Applies layers to a new tree.</summary>
    /// <remarks>
    /// <para>
    /// The tree is made beside the target, in a directory that only its owner can enter, and gets the target's name when the
    /// digest, the size and the DiffID of every layer agreed. On failure and on cancellation nothing is left, and
    /// what was there before is there again.
    /// </para>
    /// <para>
    /// Where <see cref="IsSupported"/> is false the tree has what every system has: directories, files and their times, modes outside
    /// Windows, and those symbolic links that lead to a place inside it. Everything else is left out and reported, and so are names that
    /// the file system cannot have, or takes for one (<see cref="UnpackOptions.Names"/>). The layers are read twice then.
    /// </para>
    /// <para>Where the target is a mount point, or its parent cannot be written to, the tree is made inside it and moved up at the end.</para>
    /// </remarks>
    /// <param name="source">The place that has the layers.</param>
    /// <param name="layers">The layers, base first.</param>
    /// <param name="targetDirectory">The directory, which must be absent or empty; a link to a directory is followed.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the unpacking.</param>
    /// <returns>What was unpacked, skipped and tolerated.</returns>
    /// <exception cref="ArgumentException">The target is the root of the system.</exception>
    /// <exception cref="PlatformNotSupportedException">
    /// Owners or devices are asked for, and the system is not one that <see cref="IsSupported"/> is true on.
    /// </exception>
    /// <exception cref="IOException">The target is not empty, or the file system refused an operation.</exception>
    /// <exception cref="ContentNotFoundException">The source lacks a layer.</exception>
    /// <exception cref="ContentVerificationException">A layer's bytes are not what its descriptor says.</exception>
    /// <exception cref="LayerException">A layer is malformed, unsafe, above a limit, or has another DiffID.</exception>
    public static async ValueTask<UnpackReport> UnpackAsync(
        IContentFetcher source,
        IReadOnlyList<LayerToApply> layers,
        string targetDirectory,
        UnpackOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentException.ThrowIfNullOrEmpty(targetDirectory);
        options = options?.Clone() ?? new UnpackOptions();
        if (options.PortableFiles is not null || !IsSupported)
        {
            return await UnpackPortablyAsync(source, layers, targetDirectory, options, cancellationToken).ConfigureAwait(false);
        }

        using UnpackTarget target = UnpackTarget.Prepare(targetDirectory, options.Force);
        using DirectoryHandle root = target.OpenRoot();
        UnpackReport report = await ApplyAsync(source, layers, root, options, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        target.Publish();

        return report;
    }

    /// <summary>Applies layers to an empty directory, which whoever calls publishes.</summary>
    internal static async ValueTask<UnpackReport> ApplyAsync(
        IContentFetcher source,
        IReadOnlyList<LayerToApply> layers,
        DirectoryHandle root,
        UnpackOptions options,
        CancellationToken cancellationToken)
    {
        LayerLimits limits = LayerLimits.Of(options);
        var remarks = new LayerRemarks();
        using var applier = new LayerApplier(root, options, remarks);
        foreach (LayerToApply layer in layers)
        {
            applier.BeginLayer();
            await LayerStream.ReadAsync(
                source,
                layer,
                limits,
                remarks,
                (reader, entry) => applier.ApplyAsync(reader, entry, cancellationToken),
                cancellationToken).ConfigureAwait(false);
        }

        remarks.Layer = null;
        applier.Finish();
        return new UnpackReport(applier.Entries, applier.Bytes, remarks.ToList());
    }

    /// <summary>Applies layers to directories of their own, which <c>mount -t overlay</c> shows as one tree.</summary>
    /// <remarks>
    /// The directory has one for each layer, <c>0</c> for the base, and appears when every layer agreed, as
    /// with <see cref="UnpackAsync"/>; only its owner can enter it. Removed names are whiteouts of the overlay, and a directory that a layer has
    /// no entry for is a copy of the one below. A hard link to a lower layer cannot be shown this way and is refused.
    /// </remarks>
    /// <param name="source">The place that has the layers.</param>
    /// <param name="layers">The layers, base first.</param>
    /// <param name="targetDirectory">The directory, which must be absent or empty; a link to a directory is followed.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="overlay">The options of the overlay, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the unpacking.</param>
    /// <returns>The directories, and what was unpacked, skipped and tolerated.</returns>
    /// <exception cref="ArgumentException">The target is the root of the system.</exception>
    /// <exception cref="PlatformNotSupportedException">The system is not one that <see cref="IsSupported"/> is true on.</exception>
    /// <exception cref="IOException">The target is not empty, or the file system refused an operation, such as an attribute of the overlay.</exception>
    /// <exception cref="ContentNotFoundException">The source lacks a layer.</exception>
    /// <exception cref="ContentVerificationException">A layer's bytes are not what its descriptor says.</exception>
    /// <exception cref="LayerException">A layer is malformed, unsafe, above a limit, has another DiffID, or a hard link to a lower layer.</exception>
    public static async ValueTask<OverlayTree> UnpackOverlayAsync(
        IContentFetcher source,
        IReadOnlyList<LayerToApply> layers,
        string targetDirectory,
        UnpackOptions? options = null,
        OverlayOptions? overlay = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentException.ThrowIfNullOrEmpty(targetDirectory);
        RequireSupport();

        options = options?.Clone() ?? new UnpackOptions();
        overlay = overlay?.Clone() ?? new OverlayOptions();
        bool userXattrs = overlay.UserXattrs ?? Libc.GetEffectiveUserId() != 0;
        LayerLimits limits = LayerLimits.Of(options);
        var remarks = new LayerRemarks();
        using UnpackTarget target = UnpackTarget.Prepare(targetDirectory, options.Force);
        using DirectoryHandle root = target.OpenRoot();
        using var writer = new OverlayWriter(options, new OverlayAttributes(userXattrs, overlay.Whiteouts), remarks);
        var names = new List<string>();
        foreach (LayerToApply layer in layers)
        {
            names.Add(names.Count.ToString(CultureInfo.InvariantCulture));
            writer.BeginLayer(root.MakeDirectory(Encoding.ASCII.GetBytes(names[^1])));
            await LayerStream.ReadAsync(
                source,
                layer,
                limits,
                remarks,
                (reader, entry) => writer.ApplyAsync(reader, entry, cancellationToken),
                cancellationToken).ConfigureAwait(false);
            writer.EndLayer();
        }

        cancellationToken.ThrowIfCancellationRequested();
        target.Publish();
        string directory = Path.GetFullPath(targetDirectory);

        return new OverlayTree(
            directory,
            [.. Enumerable.Reverse(names).Select(name => Path.Combine(directory, name))],
            userXattrs,
            new UnpackReport(writer.Entries, writer.Bytes, remarks.ToList()));
    }

    private static async ValueTask<UnpackReport> UnpackPortablyAsync(
        IContentFetcher source,
        IReadOnlyList<LayerToApply> layers,
        string targetDirectory,
        UnpackOptions options,
        CancellationToken cancellationToken)
    {
        if (options.Owners is OwnerPolicy.Keep or OwnerPolicy.Map || options.Devices is DevicePolicy.Create)
        {
            throw new PlatformNotSupportedException("Owners and devices can only be made on Linux (x64, arm64).");
        }

        IPortableFileSystem files = options.PortableFiles ?? new PortableFileSystem();
        using PortableTarget target = PortableTarget.Prepare(files, targetDirectory, options.Force);
        ImageFileTree tree = await ImageFileTree
            .ReadAsync(source, layers, ImageFileTreeOptions.Of(options), cancellationToken)
            .ConfigureAwait(false);
        var unpacker = new PortableUnpacker(tree, files, options, target.Root);
        await unpacker.RunAsync(cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        target.Publish();

        return new UnpackReport(tree.Entries, unpacker.Bytes, [.. tree.Remarks, .. unpacker.Remarks]);
    }

    private static void RequireSupport()
    {
        if (!IsSupported)
        {
            throw new PlatformNotSupportedException(
                "Directories of an overlay can only be made on Linux (x64, arm64).");
        }
    }
}
