using OciImage.Tar;

namespace OciImage.Layout;

/// <summary>Where an entry stands in an archive.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Offset">Where its content starts.</param>
/// <param name="Length">The length of its content in bytes.</param>
internal sealed record ArchiveEntry(TarEntryType Type, long Offset, long Length)
{
    /// <summary>Gets the target of a link as it was written, or <see langword="null"/>.</summary>
    public string? Target { get; init; }

    /// <summary>Gets whether the file has holes, so that its bytes are not those in the archive.</summary>
    public bool IsSparse { get; init; }

    /// <summary>Gets whether several entries have the name, of which some readers take the first and some the last.</summary>
    public bool IsAmbiguous { get; init; }
}
