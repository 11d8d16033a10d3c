namespace OciImage.Registry.Hosts;

/// <summary>
/// Knows registries as this machine's files do: containerd's <c>hosts.toml</c>, containers' <c>registries.conf</c>, and certificates as
/// Docker and containers lay them out.
/// </summary>
/// <remarks>
/// <para>A rule of <c>registries.conf</c> that blocks decides; it leaves its mirrors only. Else a <c>hosts.toml</c> of the registry
/// decides; else a rule of <c>registries.conf</c>; else a <c>hosts.toml</c> for all registries; and where there is none of them,
/// certificates alone. Nothing of two files is mixed, but certificates that a place does not name itself are looked for under its
/// host.</para>
/// <para>A file is read at the first question that needs it, and what it says is kept as long as the object; so a place always has the
/// same certificates. A missing file is no error. One that is malformed or cannot be read fails every question that needs it.
/// Safe for use by many threads.</para>
/// </remarks>
public sealed class SystemRegistryHosts : IRegistryHostProvider
{
    private readonly RegistriesReader _registries;
    private readonly HostsTrees _trees;
    private readonly HostsRoute _routes;

    /// <summary>Initializes a new instance. Nothing is read yet.</summary>
    /// <param name="options">Where the files are; they are copied.</param>
    public SystemRegistryHosts(SystemRegistryHostsOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        SystemRegistryHostsOptions copy = options.Clone();
        _registries = new RegistriesReader(copy);
        _trees = new HostsTrees(copy);
        _routes = new HostsRoute(_trees);
        ShortNames = new ShortNames(_registries);
    }

    /// <summary>Gets what short names stand for, by the same files.</summary>
    public ShortNames ShortNames { get; }

    /// <summary>Makes an instance for the files that containerd, Docker and containers read on this machine.</summary>
    /// <returns>The instance, which has read nothing yet.</returns>
    public static SystemRegistryHosts FromEnvironment() => new(SystemRegistryHostsOptions.FromEnvironment());

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The registry is not a host with an optional port.</exception>
    /// <exception cref="DocumentFormatException">
    /// A file that says something of the registry is malformed, cannot be read, or asks for what is not supported.
    /// </exception>
    public async ValueTask<RegistryRoute?> GetRouteAsync(
        string registry, string repository, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(registry);
        ArgumentNullException.ThrowIfNull(repository);
        if (!ReferenceGrammar.IsRegistry(registry))
        {
            throw new ArgumentException($"'{Excerpt.Of(registry)}' is not a host with an optional port.", nameof(registry));
        }

        try
        {
            return await FindRouteAsync(DockerHub.NameOf(registry), repository, cancellationToken).ConfigureAwait(false);
        }
        catch (DocumentFormatException exception) when (exception.MarkAsConfiguration())
        {
            throw;
        }
    }

    /// <summary>Gets the credential helpers that <c>registries.conf</c> names for all registries, in order.</summary>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns>
    /// Names of helpers without <c>docker-credential-</c>; <c>containers-auth.json</c> stands for that file, and alone where nothing
    /// is said.
    /// </returns>
    /// <exception cref="DocumentFormatException">A file is malformed, or cannot be read.</exception>
    public async ValueTask<IReadOnlyList<string>> GetCredentialHelpersAsync(CancellationToken cancellationToken = default) =>
        (await _registries.GetAsync(cancellationToken).ConfigureAwait(false)).CredentialHelpers;

    private async ValueTask<RegistryRoute?> FindRouteAsync(string name, string repository, CancellationToken cancellationToken)
    {
        RegistriesConfiguration registries = await _registries.GetAsync(cancellationToken).ConfigureAwait(false);
        RegistryRule? rule = registries.Find(name, repository);
        if (rule is { IsBlocked: true })
        {
            return _routes.Of(registries, rule, name, repository);
        }

        (HostsFile File, bool IsDefault)? hosts = await _trees.FindAsync(name, cancellationToken).ConfigureAwait(false);

        return hosts is { IsDefault: false } ? _routes.Of(hosts.Value.File, name)
            : rule is not null ? _routes.Of(registries, rule, name, repository)
            : hosts is not null ? _routes.Of(hosts.Value.File, name)
            : _routes.Of(name);
    }
}
