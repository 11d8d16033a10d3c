namespace OciImage.Layers;

/// <summary>Says what becomes of names that a file system cannot have, where a tree is not made by Linux's own calls.</summary>
public enum NamePolicy
{
    /// <summary>They are left out with all below them, and reported.</summary>
    Skip,

    /// <summary>The image is refused.</summary>
    Refuse,
}
