namespace OciImage.Layers;

/// <summary>Collects what was skipped, changed or tolerated, within bounds.</summary>
internal sealed class LayerRemarks
{
    private const int MaxRemarks = 1000;

    private readonly List<LayerRemark> _remarks = [];

    /// <summary>Gets or sets the layer that is being read, which remarks are about.</summary>
    public Digest? Layer { get; set; }

    public IReadOnlyList<LayerRemark> ToList() => _remarks.Count == 0 ? Array.Empty<LayerRemark>() : _remarks;

    /// <summary>Adds a remark about the archive or the layer.</summary>
    public void Add(string message) => Add(LayerRemarkKind.Tolerated, null, message);

    public void Add(LayerRemarkKind kind, string? path, string message)
    {
        if (_remarks.Count < MaxRemarks)
        {
            _remarks.Add(new LayerRemark(kind, message, path is null ? null : Excerpt.Of(path), Layer));
        }
        else if (_remarks.Count == MaxRemarks)
        {
            _remarks.Add(new LayerRemark(LayerRemarkKind.Truncated, "There were more remarks, which are left out."));
        }
    }
}
