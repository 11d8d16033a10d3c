namespace OciImage.Layers;

/// <summary>Provides options for writing a layer.</summary>
public sealed class LayerWriterOptions : LayerOutputOptions
{
    /// <summary>Initializes a new instance in which every entry belongs to user 0 and group 0.</summary>
    public LayerWriterOptions() => Owner = (0, 0);

    internal LayerWriterOptions Clone() => (LayerWriterOptions)MemberwiseClone();
}
