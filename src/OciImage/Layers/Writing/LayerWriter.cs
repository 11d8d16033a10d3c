using OciImage.Content;

namespace OciImage.Layers;

/// <summary>Writes layers: the same files give the same DiffID on every machine.</summary>
public static class LayerWriter
{
    /// <summary>Writes a layer out of files and directories.</summary>
    /// <remarks>
    /// Entries stand in the order of their paths' bytes with the slash first, parents before children; the first of several
    /// hard links in that order has the content. Sockets are left out. Where two inputs have the same path the later one wins, and
    /// directories are merged. The stored bytes depend on the compression and its version, the DiffID does not.
    /// </remarks>
    /// <param name="target">The store that takes the layer in.</param>
    /// <param name="inputs">What goes into the layer.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the writing; nothing becomes visible then.</param>
    /// <returns>The layer.</returns>
    /// <exception cref="IOException">A file is missing, cannot be read, or changed its size while it was read.</exception>
    /// <exception cref="LayerException">A name is that of a whiteout, or cannot stand in an archive.</exception>
    public static async ValueTask<WrittenLayer> WriteAsync(
        IContentIngester target,
        IReadOnlyList<LayerInput> inputs,
        LayerWriterOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(inputs);
        options = options?.Clone() ?? new LayerWriterOptions();
        using SourceTree tree = LayerTree.Collect(inputs, options);
        return await LayerOutput
            .WriteAsync(target, tree.Nodes.Values, options, tree.Remarks, cancellationToken)
            .ConfigureAwait(false);
    }
}
