namespace OciImage.Layers;

/// <summary>Says when the content of a file is compared whose type, size, time and all else are the same in both trees.</summary>
public enum ContentComparison
{
    /// <summary>
    /// Where the time of the last change is a whole second: it may have been cut to that by an archive or a tool, and then says
    /// little. Where it has nanoseconds, an equal time and an equal size stand for equal content.
    /// </summary>
    Automatic,

    /// <summary>For every file.</summary>
    Always,

    /// <summary>Never: an equal time and an equal size stand for equal content.</summary>
    Never,
}
