namespace OciImage.Registry.Hosts;

/// <summary>What a short name stands for.</summary>
/// <param name="Registry">The registry.</param>
/// <param name="Repository">The repository in it.</param>
internal sealed record ShortNameAlias(string Registry, string Repository);
