namespace OciImage.Layers;

/// <summary>Says what stands for a removed name in the directories of an overlay (kernel, overlayfs.rst, "whiteouts and opaque directories").</summary>
public enum OverlayWhiteouts
{
    /// <summary>A character device 0:0 where the system lets it be made (always for root, for others since Linux 5.8), else an attribute.</summary>
    Automatic,

    /// <summary>A character device 0:0.</summary>
    Device,

    /// <summary>An empty file with an attribute, which Linux 6.7 and later understand.</summary>
    Xattr,
}
