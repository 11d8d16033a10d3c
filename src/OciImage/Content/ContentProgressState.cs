namespace OciImage.Content;

/// <summary>Says what is happening to a piece of content.</summary>
public enum ContentProgressState
{
    /// <summary>Its bytes are moving.</summary>
    Transferring,

    /// <summary>Its bytes have arrived and were verified.</summary>
    Completed,

    /// <summary>It was there already.</summary>
    AlreadyPresent,

    /// <summary>It was taken over from another repository of the same registry.</summary>
    Mounted,
}
