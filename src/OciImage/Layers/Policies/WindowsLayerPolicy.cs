namespace OciImage.Layers;

/// <summary>Says what becomes of the layers of Windows images, which have their files below <c>Files/</c> and a registry below <c>Hives/</c>.</summary>
public enum WindowsLayerPolicy
{
    /// <summary>They are refused.</summary>
    Refuse,

    /// <summary>
    /// Every layer is taken for one: what stands below <c>Files/</c> is the tree; the registry and all else is left out and reported.
    /// Where the configuration of the image is known, this holds for images of Windows only.
    /// </summary>
    FilesOnly,

    /// <summary>They are taken as they are, with <c>Files/</c> and <c>Hives/</c> as directories.</summary>
    Verbatim,
}
