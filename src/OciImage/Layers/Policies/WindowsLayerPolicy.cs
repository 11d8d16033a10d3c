namespace OciImage.Layers;

/// <summary>Says what becomes of the layers of Windows images, which hold <c>Files/</c> and <c>Hives/</c>.</summary>
public enum WindowsLayerPolicy
{
    /// <summary>They are refused.</summary>
    Refuse,

    /// <summary>What stands below <c>Files/</c> is the tree; the registry (<c>Hives/</c>) and all else is left out and reported.</summary>
    FilesOnly,
}
