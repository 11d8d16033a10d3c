namespace OciImage.Registry.Hosts;

/// <summary>Knows what names without a registry stand for, by the aliases and search registries of <c>registries.conf</c>.</summary>
/// <remarks>The files are read at the first question, and what they say is kept. Safe for use by many threads.</remarks>
public sealed class ShortNames
{
    private readonly RegistriesReader _registries;

    /// <summary>Initializes a new instance. Nothing is read yet.</summary>
    /// <param name="options">Where the files are; they are copied.</param>
    public ShortNames(SystemRegistryHostsOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _registries = new RegistriesReader(options.Clone());
    }

    internal ShortNames(RegistriesReader registries) => _registries = registries;

    /// <summary>Tells whether a reference names no registry, such as <c>debian:12</c> or <c>library/debian</c>.</summary>
    /// <param name="reference">The text.</param>
    /// <returns><see langword="true"/> where it names none; it may be no reference at all.</returns>
    public static bool IsShort(string reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return ShortName.IsShort(reference);
    }

    /// <summary>Gets the reference that a text stands for.</summary>
    /// <param name="reference">What a user typed; with a registry it is taken as it is.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns>
    /// The alias with the tag and digest of the text; else the name at the search registry; else, where there is no such registry,
    /// what <see cref="ImageReference.Parse(string, IFormatProvider?)"/> makes of it.
    /// </returns>
    /// <exception cref="FormatException">The text is not a reference.</exception>
    /// <exception cref="ShortNameException">Several registries may have the name, and the mode is enforcing.</exception>
    /// <exception cref="DocumentFormatException">A file is malformed, or cannot be read.</exception>
    public async ValueTask<ImageReference> ResolveAsync(string reference, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ImageReference> candidates = await GetCandidatesAsync(reference, cancellationToken).ConfigureAwait(false);
        RegistriesConfiguration registries = await _registries.GetAsync(cancellationToken).ConfigureAwait(false);

        return candidates.Count == 1 || registries.Mode != ShortNameMode.Enforcing
            ? candidates[0]
            : throw ShortNameException.Ambiguous(reference, candidates);
    }

    /// <summary>Gets every reference that a text may stand for, the preferred one first; the mode does not matter.</summary>
    /// <param name="reference">What a user typed.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns>At least one reference; several where there is no alias and several search registries.</returns>
    /// <exception cref="FormatException">The text is not a reference.</exception>
    /// <exception cref="DocumentFormatException">A file is malformed, or cannot be read.</exception>
    public async ValueTask<IReadOnlyList<ImageReference>> GetCandidatesAsync(
        string reference, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        var plain = ImageReference.Parse(reference);
        if (!ShortName.IsShort(reference))
        {
            return [plain];
        }

        RegistriesConfiguration registries = await _registries.GetAsync(cancellationToken).ConfigureAwait(false);
        (string name, string suffix) = ShortName.Split(reference);
        if (registries.FindAlias(name) is { } alias)
        {
            return [plain with { Registry = alias.Registry, Repository = alias.Repository }];
        }

        return registries.SearchRegistries.Count == 0
            ? [plain]
            : [.. registries.SearchRegistries.Distinct().Select(registry => At(registry, name, suffix))];
    }

    /// <summary>Gets what is to happen to a name that several registries may have, for programs that can ask their user.</summary>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns>The mode; <see cref="ShortNameMode.Permissive"/> where nothing is said.</returns>
    /// <exception cref="DocumentFormatException">A file is malformed, or cannot be read.</exception>
    public async ValueTask<ShortNameMode> GetModeAsync(CancellationToken cancellationToken = default) =>
        (await _registries.GetAsync(cancellationToken).ConfigureAwait(false)).Mode;

    // A registry that does not look like one, such as 'registry', would be read as a part of the name.
    private static ImageReference At(string registry, string name, string suffix)
    {
        var plain = ImageReference.Parse($"{DockerHub.Name}/{name}{suffix}");

        return DockerHub.IsHub(registry) ? plain : plain with { Registry = registry, Repository = name };
    }
}
