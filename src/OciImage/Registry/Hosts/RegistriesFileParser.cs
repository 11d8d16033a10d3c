namespace OciImage.Registry.Hosts;

/// <summary>Understands version 2 of containers' <c>registries.conf</c>.</summary>
internal static class RegistriesFileParser
{
    private const int MaxHelperLength = 255;

    /// <summary>Parses a file.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <exception cref="DocumentFormatException">The text is no <c>registries.conf</c> of version 2.</exception>
    public static RegistriesFile Parse(string text, string path) => Read(TomlDocument.Parse(text, path));

    /// <summary>Reads a parsed file.</summary>
    /// <exception cref="DocumentFormatException">It is no <c>registries.conf</c> of version 2.</exception>
    public static RegistriesFile Read(TomlSection root)
    {
        RefuseVersion1(root);

        return new RegistriesFile
        {
            Rules = ReadRules(root),
            SearchRegistries = ReadSearchRegistries(root),
            CredentialHelpers = ReadHelpers(root),
            Mode = ReadMode(root),
            Aliases = ReadAliases(root),
        };
    }

    private static void RefuseVersion1(TomlSection root)
    {
        if (root.Find("registries") is { Value: TomlSection old } entry &&
            (old.Find("search") ?? old.Find("insecure") ?? old.Find("block")) is not null)
        {
            throw root.Fault(entry.Line, "it has version 1 of the format, '[registries.search]' and the like; version 2 has '[[registry]]'");
        }
    }

    private static List<RegistryRule> ReadRules(TomlSection root)
    {
        var rules = new List<RegistryRule>();
        var byPrefix = new HashSet<string>(StringComparer.Ordinal);
        var byPlace = new Dictionary<string, RegistryRule>(StringComparer.Ordinal);
        foreach (TomlSection section in root.Sections("registry"))
        {
            RegistryRule rule = ReadRule(section);
            string place = rule.Place.Location?.Text ?? rule.Prefix.Text;
            if (!byPlace.TryAdd(place, rule) && byPlace[place] is var other)
            {
                string? conflict = other.Place.IsInsecure != rule.Place.IsInsecure ? "insecure"
                    : other.IsBlocked != rule.IsBlocked ? "blocked"
                    : null;
                if (conflict is not null)
                {
                    throw section.Fault(section.Line, $"'{conflict}' of '{Excerpt.Of(place)}' is not what line {other.Line} says");
                }
            }

            if (byPrefix.Add(rule.Prefix.Text))
            {
                rules.Add(rule);
            }
        }

        return rules;
    }

    private static RegistryRule ReadRule(TomlSection section)
    {
        string? location = section.NonEmptyText("location");
        string? prefix = section.NonEmptyText("prefix");
        if (section.NonEmptyText("pull-from-mirror") is not null)
        {
            throw section.FaultAt("pull-from-mirror", "'pull-from-mirror' belongs to a mirror");
        }

        string? name = prefix ?? location;
        RegistryLocation about = name is null
            ? throw section.Fault(section.Line, "a registry has neither a prefix nor a location")
            : RegistryLocation.ParsePrefix(name, out string fault) ?? throw section.FaultAt(prefix is null ? "location" : "prefix", fault);
        if (location is null && !about.IsWildcard)
        {
            throw section.FaultAt("prefix", "a prefix without a wildcard needs a location");
        }

        bool byDigestOnly = section.Flag("mirror-by-digest-only") ?? false;

        return new RegistryRule(about, ReadPlace(section, location is null || (prefix is null && about.IsWildcard) ? null : location))
        {
            Source = section.Source,
            Line = section.Line,
            IsBlocked = section.Flag("blocked") ?? false,
            Mirrors = [.. section.Sections("mirror").Select(mirror => ReadMirror(mirror, byDigestOnly))],
        };
    }

    private static RegistryMirror ReadPlace(TomlSection section, string? location) => new(
        location is null ? null : RegistryLocation.Parse(location, out string fault) ?? throw section.FaultAt("location", fault))
    {
        IsInsecure = section.Flag("insecure") ?? false,
        Namespace = section.NonEmptyText("namespace-proxy"),
        ProxyLine = section.NonEmptyText("proxy") is null ? null : section.LineOf("proxy"),
    };

    private static RegistryMirror ReadMirror(TomlSection section, bool byDigestOnly)
    {
        string location = section.NonEmptyText("location") ?? throw section.Fault(section.Line, "a mirror has no location");
        string? pull = section.NonEmptyText("pull-from-mirror");
        if (byDigestOnly && pull is not null)
        {
            throw section.FaultAt("pull-from-mirror", "'pull-from-mirror' and 'mirror-by-digest-only' exclude each other");
        }

        return ReadPlace(section, location) with
        {
            Capabilities = (byDigestOnly ? "digest-only" : pull ?? "all") switch
            {
                "all" => RegistryCapabilities.Pull | RegistryCapabilities.Resolve,
                "digest-only" => RegistryCapabilities.Pull,
                "tag-only" => RegistryCapabilities.Resolve | RegistryCapabilities.PullResolved,
                var other => throw section.FaultAt("pull-from-mirror", $"'{Excerpt.Of(other)}' is none of all, digest-only and tag-only"),
            },
        };
    }

    private static List<string>? ReadSearchRegistries(TomlSection root)
    {
        List<string>? registries = root.Texts("unqualified-search-registries");
        for (int i = 0; i < registries?.Count; i++)
        {
            string registry = registries[i].TrimEnd('/');
            registries[i] = ReferenceGrammar.IsRegistry(registry)
                ? registry
                : throw root.FaultAt("unqualified-search-registries", $"'{Excerpt.Of(registry)}' is not a host with an optional port");
        }

        return registries;
    }

    private static List<string>? ReadHelpers(TomlSection root)
    {
        List<string>? helpers = root.Texts("credential-helpers");
        string? bad = helpers?.Find(name => name.Length is 0 or > MaxHelperLength || name[0] is '.' or '-' || !name.All(IsOfHelper));

        return bad is null ? helpers
            : throw root.FaultAt("credential-helpers", $"'{Excerpt.Of(bad)}' is not the name of a credential helper");
    }

    // A name becomes a part of the name of a program, and nothing of a path.
    private static bool IsOfHelper(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';

    private static ShortNameMode? ReadMode(TomlSection root) => root.NonEmptyText("short-name-mode") switch
    {
        null => null,
        "permissive" => ShortNameMode.Permissive,
        "enforcing" => ShortNameMode.Enforcing,
        "disabled" => ShortNameMode.Disabled,
        var other => throw root.FaultAt("short-name-mode", $"'{Excerpt.Of(other)}' is none of enforcing, permissive and disabled"),
    };

    private static Dictionary<string, ShortNameAlias?> ReadAliases(TomlSection root)
    {
        var aliases = new Dictionary<string, ShortNameAlias?>(StringComparer.Ordinal);
        TomlSection? table = root.Section("aliases");
        foreach ((string name, TomlEntry entry) in table?.Entries ?? [])
        {
            string value = table!.TextOf(entry, "aliases");
            if (!ShortName.IsShort(name) || !ReferenceGrammar.IsRepository(name))
            {
                throw table.Fault(entry.Line, $"'{Excerpt.Of(name)}' is not a short name without a tag and a digest");
            }

            int slash = value.IndexOf('/', StringComparison.Ordinal);
            bool isName = slash > 0 && ReferenceGrammar.LooksLikeRegistry(value.AsSpan(0, slash)) &&
                ReferenceGrammar.IsRepository(value.AsSpan(slash + 1));
            aliases[name] =
                value.Length == 0 ? null :
                isName && ImageReference.TryParse(value, out ImageReference? reference)
                    ? new ShortNameAlias(reference.Registry, reference.Repository)
                    : throw table.Fault(entry.Line, $"'{Excerpt.Of(value)}' is not a registry and a repository without a tag and a digest");
        }

        return aliases;
    }
}
