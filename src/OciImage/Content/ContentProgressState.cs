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

    /// <summary>It was listed as a referrer, and left out: the source has it no more, or it does not refer to what it was listed for.</summary>
    LeftOut,
}
