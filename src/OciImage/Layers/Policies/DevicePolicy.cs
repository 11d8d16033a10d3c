namespace OciImage.Layers;

/// <summary>Says what becomes of the devices in a layer.</summary>
public enum DevicePolicy
{
    /// <summary>They are made for root, and skipped and reported for everybody else.</summary>
    Automatic,

    /// <summary>They are made; without the privilege to do so unpacking fails.</summary>
    Create,

    /// <summary>They are skipped and reported.</summary>
    Skip,

    /// <summary>An empty file with mode 0 stands in their place, and is reported.</summary>
    Placeholder,
}
