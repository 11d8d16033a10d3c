namespace OciImage.Registry.Hosts;

/// <summary>One <c>registries.conf</c> or drop-in of it. What is <see langword="null"/> is not said in the file.</summary>
internal sealed record RegistriesFile
{
    /// <summary>Gets the rules; of two with one prefix the first.</summary>
    public IReadOnlyList<RegistryRule> Rules { get; init; } = [];

    public IReadOnlyList<string>? SearchRegistries { get; init; }

    public IReadOnlyList<string>? CredentialHelpers { get; init; }

    public ShortNameMode? Mode { get; init; }

    /// <summary>Gets what short names stand for; <see langword="null"/> takes a name away that an earlier file gave.</summary>
    public required IReadOnlyDictionary<string, ShortNameAlias?> Aliases { get; init; }
}
