using OciImage.Content;
using OciImage.Layers;
using OciImage.TestKit;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>The merged tree as one archive, applied as a layer: the tree is that of the layers.</summary>
internal sealed class UnpackedArchiveOutput : ICaseOutput
{
    private readonly TreeOutput _tree = new(avoidOpenAt2: false);

    public string Kind => "tree";

    public bool UsesFileSystem => true;

    public async Task<CaseResult> ApplyAsync(
        string place, IContentFetcher source, IReadOnlyList<LayerToApply> layers, UnpackOptions options, CancellationToken cancellationToken)
    {
        (byte[] archive, IReadOnlyList<LayerRemark> remarks) =
            await ArchiveOutput.FlattenAsync(source, layers, options, cancellationToken);
        var store = new MemoryStore();
        LayerToApply layer = await TestLayer.AddArchiveAsync(store, archive);

        // The archive has an entry for every directory, also for those that no layer has one for.
        options.MaxEntries = long.MaxValue;
        CaseResult result = await _tree.ApplyAsync(place, store, [layer], options, cancellationToken);
        return result with { Remarks = [.. remarks, .. result.Remarks], Omissions = result.Omissions | CaseOmissions.Holes };
    }
}
