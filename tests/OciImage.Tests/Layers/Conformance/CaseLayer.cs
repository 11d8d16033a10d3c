namespace OciImage.Tests.Layers.Conformance;

/// <summary>An archive: its entries in order, and how it ends.</summary>
internal sealed record CaseLayer
{
    public IReadOnlyList<CaseEntry> Entries { get; init; } = [];

    /// <summary>Gets how many blocks of zeros end the archive.</summary>
    public int EndBlocks { get; init; } = 2;

    /// <summary>Gets what follows the blocks that end it.</summary>
    public string? TrailingBase64 { get; init; }

    /// <summary>Gets how many of the last bytes are cut off.</summary>
    public int Cut { get; init; }

    /// <summary>Gets whether the image promises another DiffID than the archive has.</summary>
    public bool WrongDiffId { get; init; }
}
