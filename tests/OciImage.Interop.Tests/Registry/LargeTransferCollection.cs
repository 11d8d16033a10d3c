namespace OciImage.Interop.Tests.Registry;

/// <summary>Tests that move much alone, so that others' time-outs do not depend on them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class LargeTransferCollection
{
    public const string Name = "Large transfers";
}
