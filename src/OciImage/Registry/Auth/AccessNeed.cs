namespace OciImage.Registry.Auth;

/// <summary>What a request needs to be allowed: actions on a repository, and reading another one to mount from.</summary>
/// <param name="Repository">The repository, or an empty text for what belongs to none.</param>
/// <param name="Actions">The actions, such as <c>pull</c>, <c>pull,push</c> or <c>delete</c>.</param>
/// <param name="MountFrom">The repository to read from, or <see langword="null"/>.</param>
internal sealed record AccessNeed(string Repository, string Actions, string? MountFrom = null)
{
    public const string Pull = "pull";
    public const string Push = "pull,push";
    public const string Delete = "delete";

    /// <summary>Gets whether the request changes something.</summary>
    public bool IsWrite => Actions is Push or Delete;

    /// <summary>Returns the scopes to ask a token server for: what the challenge demands within the need, then the need itself.</summary>
    /// <remarks>
    /// A registry cannot make a client fetch a token for another repository or for more than the request is about.
    /// The demand comes first, since some servers only look at the first scope; the actions on one repository are one
    /// scope. A scope of unknown form is sent as it is.
    /// </remarks>
    public IReadOnlyList<string> Scopes(string? demanded)
    {
        var scopes = new List<string>();
        foreach (string scope in (demanded ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Restrict(scope) is { } allowed)
            {
                Merge(scopes, allowed);
            }
        }

        string own = Actions == Delete ? "pull,push,delete" : Actions;
        if (Repository.Length > 0 && !scopes.Any(scope => IsOwn(scope) && scope.EndsWith(":*", StringComparison.Ordinal)) &&
            (scopes.Count == 0 || MountFrom is not null || scopes.Any(IsOwn)))
        {
            Merge(scopes, $"repository:{Repository}:{own}");
        }

        if (MountFrom is not null)
        {
            Merge(scopes, $"repository:{MountFrom}:pull");
        }

        return scopes;
    }

    private bool IsOwn(string scope) => scope.StartsWith($"repository:{Repository}:", StringComparison.Ordinal);

    // "repository:a:pull" and "repository:a:push" become "repository:a:pull,push".
    private static void Merge(List<string> scopes, string scope)
    {
        int end = scope.LastIndexOf(':') + 1;
        int known = end == 0
            ? scopes.IndexOf(scope)
            : scopes.FindIndex(other => other.LastIndexOf(':') + 1 == end && other.AsSpan(0, end).SequenceEqual(scope.AsSpan(0, end)));
        if (known < 0)
        {
            scopes.Add(scope);
        }
        else if (end > 0)
        {
            scopes[known] = scope[..end] + string.Join(',', scopes[known][end..].Split(',').Union(scope[end..].Split(',')));
        }
    }

    private string? Restrict(string scope)
    {
        int first = scope.IndexOf(':');
        int last = scope.LastIndexOf(':');
        if (first <= 0 || last == first)
        {
            return scope;
        }

        (string type, string name, string actions) = (scope[..first], scope[(first + 1)..last], scope[(last + 1)..]);
        if (type == "registry")
        {
            return Repository.Length == 0 ? scope : null;
        }

        if (!type.StartsWith("repository", StringComparison.Ordinal))
        {
            return null;
        }

        string[] allowed = name == Repository
            ? [.. Actions.Split(','), .. Actions == Delete ? ["pull", "push", "*"] : Array.Empty<string>()]
            : name == MountFrom ? [Pull] : [];
        string[] kept = [.. actions.Split(',').Where(allowed.Contains)];

        return kept.Length == 0 ? null : $"{type}:{name}:{string.Join(',', kept)}";
    }
}
