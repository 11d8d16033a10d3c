namespace OciImage.Registry;

/// <summary>Says what a place may be asked.</summary>
[Flags]
public enum RegistryCapabilities
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Content by its digest, which is verified whoever serves it.</summary>
    Pull = 1,

    /// <summary>What a tag points to, which is believed.</summary>
    Resolve = 2,

    /// <summary>Taking content, tags and deletions.</summary>
    Push = 4,

    /// <summary>Content by its digest, once the place has said what a tag points to.</summary>
    PullResolved = 8,
}
