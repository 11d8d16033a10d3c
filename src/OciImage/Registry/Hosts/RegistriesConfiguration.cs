namespace OciImage.Registry.Hosts;

/// <summary>What all files of <c>registries.conf</c> say together.</summary>
internal sealed class RegistriesConfiguration
{
    /// <summary>The name in <c>credential-helpers</c> that stands for <c>auth.json</c>.</summary>
    public const string AuthFileHelper = "containers-auth.json";

    private readonly List<RegistryRule> _rules;
    private readonly Dictionary<string, ShortNameAlias?> _aliases = new(StringComparer.Ordinal);

    /// <summary>Merges files, where a later one wins: rules by their prefix, aliases by their name, all else as a whole.</summary>
    public RegistriesConfiguration(IEnumerable<RegistriesFile> files)
    {
        var rules = new SortedDictionary<string, RegistryRule>(StringComparer.Ordinal);
        foreach (RegistriesFile file in files)
        {
            foreach (RegistryRule rule in file.Rules)
            {
                rules[rule.Prefix.Text] = rule;
            }

            foreach ((string name, ShortNameAlias? alias) in file.Aliases)
            {
                _aliases[name] = alias;
            }

            SearchRegistries = file.SearchRegistries ?? SearchRegistries;
            CredentialHelpers = file.CredentialHelpers ?? CredentialHelpers;
            Mode = file.Mode ?? Mode;
        }

        _rules = [.. rules.Values];
        CredentialHelpers = CredentialHelpers is [] ? [AuthFileHelper] : CredentialHelpers;
    }

    public IReadOnlyList<string> SearchRegistries { get; } = [];

    public IReadOnlyList<string> CredentialHelpers { get; } = [];

    public ShortNameMode Mode { get; }

    public ShortNameAlias? FindAlias(string name) => _aliases.GetValueOrDefault(name);

    /// <summary>Returns the rule with the longest prefix that matches, or <see langword="null"/>.</summary>
    /// <exception cref="DocumentFormatException">A rule is about one tag or digest of the repository.</exception>
    public RegistryRule? Find(string registry, string repository)
    {
        RegistryRule? found = null;
        foreach (RegistryRule rule in _rules)
        {
            if (rule.Prefix.Match(registry, repository) < 0)
            {
                continue;
            }

            if (rule.Prefix.NamesOneImage)
            {
                // A route is the same for every tag: to leave such a rule out could ask what it blocks.
                throw ConfigurationFile.Fault(
                    rule.Source, rule.Line, $"the prefix '{Excerpt.Of(rule.Prefix.Text)}' is about one tag or digest, which is not supported");
            }

            found = found is null || rule.Prefix.Text.Length > found.Prefix.Text.Length ? rule : found;
        }

        return found;
    }
}
