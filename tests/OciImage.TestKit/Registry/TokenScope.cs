namespace OciImage.TestKit.Registry;

/// <summary>A scope of the token protocol: a kind of resource, its name, and what to do with it.</summary>
internal sealed record TokenScope(string Type, string Name, IReadOnlyList<string> Actions)
{
    /// <summary>Reads <c>type:name:action,action</c>; the name may hold colons.</summary>
    public static TokenScope? Parse(string text)
    {
        int first = text.IndexOf(':', StringComparison.Ordinal);
        int last = text.LastIndexOf(':');
        return first <= 0 || last <= first + 1
            ? null
            : new TokenScope(
                text[..first], text[(first + 1)..last], text[(last + 1)..].Split(',', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Returns what of this is allowed; perhaps nothing.</summary>
    public TokenScope Restrict(IReadOnlyList<string> allowed)
    {
        TokenScope[] matching =
        [
            .. allowed.Select(Parse).OfType<TokenScope>().Where(scope => scope.Type == Type && (scope.Name == "*" || scope.Name == Name)),
        ];
        return this with
        {
            Actions = [.. Actions.Where(action => matching.Any(scope => scope.Actions.Contains("*") || scope.Actions.Contains(action)))],
        };
    }
}
