namespace OciImage.Content;

/// <summary>Says what came of a repair.</summary>
public enum RepairOutcome
{
    /// <summary>What stands there has its digest; nothing was changed.</summary>
    Whole,

    /// <summary>The content was fetched, verified, and stands in its place.</summary>
    Repaired,

    /// <summary>No source has the content, and the store has none of it any more.</summary>
    Missing,
}
