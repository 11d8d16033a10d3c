namespace OciImage.Content;

/// <summary>Says which end of a copy something happened at.</summary>
public enum CopySide
{
    /// <summary>The place that content comes from.</summary>
    Source,

    /// <summary>The place that content goes to.</summary>
    Target,
}
