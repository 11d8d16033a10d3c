namespace OciImage.Images;

/// <summary>Says how a layer of a converted image got to the target.</summary>
public enum LayerOutcome
{
    /// <summary>Its bytes are those of the source.</summary>
    Kept,

    /// <summary>Its bytes were made of those of the source.</summary>
    Converted,

    /// <summary>Its bytes were made of another form of the same layer that the target had; the source was not read.</summary>
    ConvertedAtTarget,

    /// <summary>The target had it from an earlier conversion; nothing was read.</summary>
    Reused,
}
