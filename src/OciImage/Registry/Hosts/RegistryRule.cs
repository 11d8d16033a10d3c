namespace OciImage.Registry.Hosts;

/// <summary>One <c>[[registry]]</c> of a <c>registries.conf</c>.</summary>
/// <param name="Prefix">What it is about.</param>
/// <param name="Place">Where that is asked for last.</param>
internal sealed record RegistryRule(RegistryLocation Prefix, RegistryMirror Place)
{
    public required string Source { get; init; }

    public required int Line { get; init; }

    public bool IsBlocked { get; init; }

    public IReadOnlyList<RegistryMirror> Mirrors { get; init; } = [];

    /// <summary>Says why nothing that the rule is about may be asked for, or returns <see langword="null"/>.</summary>
    public string? BlockedBecause => IsBlocked
        ? $"'{Excerpt.Of(Prefix.Text)}' is blocked by '{Excerpt.Of(Source)}', line {Line}."
        : null;

    /// <summary>Returns where a repository is at a place: the part that the prefix covers is replaced.</summary>
    /// <exception cref="DocumentFormatException">What comes out names no repository.</exception>
    public (string Host, string? Repository) Rewrite(RegistryMirror place, string registry, string repository)
    {
        if (place.Location is not { } location)
        {
            return (registry, null);
        }

        string rest = repository[Math.Max(Prefix.Match(registry, repository), 0)..].TrimStart('/');
        string name = location.Path.Length == 0 || rest.Length == 0 ? location.Path + rest : $"{location.Path}/{rest}";

        // A wildcard covers the host's name; its port goes to a place that has neither a port nor a path of its own.
        string port = HostAddress.PortOf(registry);
        string host = Prefix.IsWildcard && port.Length > 0 && location.Text == location.Host && HostAddress.PortOf(location.Host).Length == 0
            ? $"{location.Host}:{port}"
            : location.Host;
        if (DockerHub.IsHub(host) && name.Length > 0 && !name.Contains('/', StringComparison.Ordinal))
        {
            name = "library/" + name;
        }

        return repository.Length == 0 || name == repository ? (host, null)
            : ReferenceGrammar.IsRepository(name) ? (host, name)
            : throw ConfigurationFile.Fault(Source, Line, $"'{Excerpt.Of(registry)}/{Excerpt.Of(repository)}' has no valid name at '{Excerpt.Of(location.Text)}'");
    }
}
