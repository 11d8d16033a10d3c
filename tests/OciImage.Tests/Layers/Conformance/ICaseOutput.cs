using OciImage.Content;
using OciImage.Layers;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>Something that makes a tree of layers: every case runs through every output.</summary>
internal interface ICaseOutput
{
    /// <summary>Gets the name that the variants of cases have for it: tree, archive, virtual or overlay.</summary>
    string Kind { get; }

    /// <summary>Gets whether the file system and the rights of who runs it matter; where not, what is expected of root is.</summary>
    bool UsesFileSystem { get; }

    /// <summary>Applies layers, and reads what became of them.</summary>
    /// <param name="place">A directory of the case's own, which holds nothing but what must not change.</param>
    /// <param name="source">The store that has the layers.</param>
    /// <param name="layers">The layers, base first.</param>
    /// <param name="options">The limits.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <exception cref="LayerException">The layers are refused.</exception>
    Task<CaseResult> ApplyAsync(
        string place, IContentFetcher source, IReadOnlyList<LayerToApply> layers, UnpackOptions options, CancellationToken cancellationToken);
}
