namespace OciImage.Content;

/// <content>What is known of layers, for as long as the store lives.</content>
public sealed partial class MemoryStore : ILayerKnowledge
{
    private const int MaxKnownLayers = 100_000;

    private readonly LayerForms _layers = new();

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<KnownLayer>> FindLayersAsync(Digest diffId, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return new(_layers.Find(diffId));
        }
    }

    /// <inheritdoc/>
    public ValueTask RememberLayerAsync(KnownLayer layer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(layer);
        lock (_lock)
        {
            if (_layers.Count >= MaxKnownLayers)
            {
                _layers.Clear();
            }

            _layers.Add(layer);
        }

        return default;
    }
}
