namespace OciImage.Layers;

/// <summary>Says what became of a device or a FIFO.</summary>
internal enum DeviceOutcome
{
    /// <summary>It was made, and gets its metadata.</summary>
    Made,

    /// <summary>Something stands for it, which is complete.</summary>
    Replaced,

    /// <summary>There is nothing.</summary>
    Skipped,
}
