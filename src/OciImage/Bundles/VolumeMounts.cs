namespace OciImage.Bundles;

/// <summary>Says what is mounted where an image has volumes.</summary>
public enum VolumeMounts
{
    /// <summary>A file system in memory, which begins with what the image has there and ends with the container.</summary>
    Temporary,

    /// <summary>A directory of the bundle, <c>volumes/0</c> and so on, empty, with the owner and mode that the image has there.</summary>
    Directories,

    /// <summary>Nothing: what is written there goes into the root filesystem.</summary>
    None,
}
