namespace OciImage.Server.Tests;

/// <summary>Tests that measure or load the process, and so have it for themselves.</summary>
[CollectionDefinition(nameof(LoadCollection), DisableParallelization = true)]
public sealed class LoadCollection;
