namespace OciImage.Layers;

/// <summary>Says what becomes of the owners that a layer names.</summary>
public enum OwnerPolicy
{
    /// <summary>They are kept for root, and ignored for everybody else.</summary>
    Automatic,

    /// <summary>They are kept; without the privilege to do so unpacking fails.</summary>
    Keep,

    /// <summary>They are ignored: everything belongs to the user that unpacks.</summary>
    Ignore,

    /// <summary>Others stand for them (<see cref="UnpackOptions.OwnerMap"/>); one that has no counterpart is refused.</summary>
    Map,
}
