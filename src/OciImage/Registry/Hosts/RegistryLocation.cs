namespace OciImage.Registry.Hosts;

/// <summary>A place as <c>registries.conf</c> has it: a host, and the repositories below it that are meant.</summary>
/// <param name="Host">The host with its port; for a wildcard what follows <c>*.</c>.</param>
/// <param name="Path">The repository or the first parts of one, or an empty text.</param>
internal sealed record RegistryLocation(string Host, string Path)
{
    /// <summary>Gets whether every host below <see cref="Host"/> is meant.</summary>
    public bool IsWildcard { get; private init; }

    /// <summary>Gets whether one tag or digest is meant, and not a whole repository.</summary>
    public bool NamesOneImage { get; private init; }

    /// <summary>Gets the text; the longest one that matches wins.</summary>
    public string Text { get; private init; } = "";

    /// <summary>Parses a location.</summary>
    /// <param name="text">The text.</param>
    /// <param name="fault">Why it is none.</param>
    public static RegistryLocation? Parse(string text, out string fault) => Parse(text, isPrefix: false, out fault);

    /// <summary>Parses a prefix, which may also begin with a wildcard, or end with a tag or a digest.</summary>
    /// <param name="text">The text.</param>
    /// <param name="fault">Why it is none.</param>
    public static RegistryLocation? ParsePrefix(string text, out string fault) => Parse(text, isPrefix: true, out fault);

    /// <summary>Returns how many characters of a repository this prefix covers, or -1 where it does not match.</summary>
    public int Match(string registry, string repository)
    {
        if (!MatchesHost(registry))
        {
            return -1;
        }

        bool whole = repository.Equals(Path, StringComparison.Ordinal);
        bool below = Path.Length == 0 ||
            (repository.StartsWith(Path, StringComparison.Ordinal) && repository.Length > Path.Length && repository[Path.Length] == '/');

        return whole || (below && !NamesOneImage) ? Path.Length : -1;
    }

    private bool MatchesHost(string registry)
    {
        if (!IsWildcard)
        {
            return registry.Equals(Host, StringComparison.OrdinalIgnoreCase);
        }

        string port = HostAddress.PortOf(registry);
        ReadOnlySpan<char> name = port.Length == 0 ? registry : registry.AsSpan(0, registry.Length - port.Length - 1);

        return name.Length > Host.Length + 1 && name[^(Host.Length + 1)] == '.' &&
            name.EndsWith(Host, StringComparison.OrdinalIgnoreCase);
    }

    private static RegistryLocation? Parse(string text, bool isPrefix, out string fault)
    {
        string trimmed = text.TrimEnd('/');
        bool wildcard = isPrefix && trimmed.StartsWith("*.", StringComparison.Ordinal);
        int slash = trimmed.IndexOf('/', StringComparison.Ordinal);
        string host = (slash < 0 ? trimmed : trimmed[..slash])[(wildcard ? 2 : 0)..];
        string path = slash < 0 ? "" : trimmed[(slash + 1)..];
        bool one = isPrefix && CutTagAndDigest(ref path);
        fault =
            trimmed.Contains("://", StringComparison.Ordinal) ? "a place begins with a scheme, which is not part of it" :
            trimmed.Contains('@', StringComparison.Ordinal) && !one ? "a place has user information or a digest" :
            wildcard && (slash >= 0 || host.Contains(':', StringComparison.Ordinal)) ? "a prefix with a wildcard has a port or a path" :
            !ReferenceGrammar.IsRegistry(host) ? $"'{Excerpt.Of(trimmed)}' does not begin with a host with an optional port" :
            slash >= 0 && !ReferenceGrammar.IsRepository(path) ? $"'{Excerpt.Of(trimmed)}' does not go on as the name of a repository" :
            "";

        return fault.Length > 0 ? null : new RegistryLocation(host, path)
        {
            IsWildcard = wildcard,
            NamesOneImage = one,
            Text = trimmed,
        };
    }

    private static bool CutTagAndDigest(ref string path)
    {
        string name = path;
        int at = name.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0 && Digest.TryParse(name[(at + 1)..], null, out _))
        {
            name = name[..at];
        }

        int colon = name.IndexOf(':', StringComparison.Ordinal);
        if (colon > name.LastIndexOf('/') && ReferenceGrammar.IsTag(name.AsSpan(colon + 1)))
        {
            name = name[..colon];
        }

        bool cut = name.Length < path.Length;
        path = name;

        return cut;
    }
}
