namespace OciImage.Layout;

/// <summary>What a collection does, one after the other.</summary>
public enum CollectionStage
{
    /// <summary>Finding out what roots reach.</summary>
    Marking,

    /// <summary>Removing what they do not.</summary>
    Sweeping,

    /// <summary>Nothing: it is done.</summary>
    Done,
}
