namespace OciImage.Interop.Tests;

/// <summary>Tests with a dockerd run after the others, one by one: several daemons that start at once keep each other waiting.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class DockerDaemonCollection
{
    public const string Name = "dockerd";
}
