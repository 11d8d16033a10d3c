namespace OciImage.Tests.Layers.Conformance;

/// <summary>What an output has no place for, so that it is not compared.</summary>
[Flags]
internal enum CaseOmissions
{
    None = 0,
    Holes = 1,
    HardLinks = 2,
    Owners = 4,
}
