namespace OciImage.Content;

/// <summary>Layers that are known, by their DiffIDs. Not safe for several threads.</summary>
internal sealed class LayerForms
{
    private readonly Dictionary<Digest, List<KnownLayer>> _byDiffId = [];

    public int Count { get; private set; }

    public IReadOnlyList<KnownLayer> Find(Digest diffId) => _byDiffId.TryGetValue(diffId, out List<KnownLayer>? forms) ? [.. forms] : [];

    /// <summary>Adds a form; one that says how it was made says more than one that does not, and what came later more than what came before.</summary>
    /// <returns><see langword="false"/> where nothing new is said.</returns>
    public bool Add(KnownLayer layer)
    {
        if (!_byDiffId.TryGetValue(layer.DiffId, out List<KnownLayer>? forms))
        {
            forms = [];
            _byDiffId.Add(layer.DiffId, forms);
        }

        int found = forms.FindIndex(form => form.Digest == layer.Digest);
        if (found < 0)
        {
            forms.Add(layer);
            Count++;
            return true;
        }

        if (forms[found] == layer || (layer.Recipe is null && forms[found].Size == layer.Size))
        {
            return false;
        }

        forms[found] = layer;
        return true;
    }

    public void Clear()
    {
        _byDiffId.Clear();
        Count = 0;
    }
}
