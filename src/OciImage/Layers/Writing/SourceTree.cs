namespace OciImage.Layers;

/// <summary>Everything that goes into a layer, in order, with the sources held open.</summary>
internal sealed class SourceTree : IDisposable
{
    private readonly List<IDisposable> _sources = [];

    public SortedDictionary<ByteString, SourceNode> Nodes { get; } = new(PathOrder.Instance);

    /// <summary>Gets what is left out.</summary>
    public LayerRemarks Remarks { get; } = new();

    public void Hold(IDisposable source) => _sources.Add(source);

    public void Dispose() => _sources.ForEach(source => source.Dispose());
}
