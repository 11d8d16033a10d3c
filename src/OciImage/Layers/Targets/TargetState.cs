namespace OciImage.Layers;

/// <summary>Says what stands under a target's name before anything is unpacked, and so what may be replaced at the end.</summary>
internal enum TargetState
{
    /// <summary>Nothing, and nothing that appears meanwhile is replaced.</summary>
    Absent,

    /// <summary>An empty directory, which is replaced as long as it is empty.</summary>
    Empty,

    /// <summary>Anything, which the caller gave up.</summary>
    Replaceable,
}
