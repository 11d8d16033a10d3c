using System.Runtime.CompilerServices;
using OciImage.Registry.Auth;
using OciImage.Registry.Http;
using OciImage.Registry.Routing;

namespace OciImage.Registry;

/// <summary>Speaks to registries over the distribution protocol (distribution-spec 1.1.1).</summary>
/// <remarks>
/// One client serves many registries, repositories and threads; it keeps connections, tokens and what it learned about
/// each registry. Disposing it ends them, except for a handler that the caller gave. Repositories it made must not be used after that.
/// What a provider of credentials or hosts throws comes through: <see cref="DocumentFormatException"/> for a malformed file,
/// <see cref="CredentialHelperException"/> for a helper that fails.
/// </remarks>
public sealed class RegistryClient : IDisposable
{
    /// <summary>The name of the <see cref="System.Diagnostics.ActivitySource"/> and the <see cref="System.Diagnostics.Metrics.Meter"/>; docs/registry.md lists what they tell.</summary>
    public const string TelemetryName = RegistryTelemetry.Name;

    private readonly RegistryOptions _options;
    private readonly RegistryTransport _transport;
    private readonly HostDirectory _hosts;

    /// <summary>Initializes a new instance.</summary>
    /// <param name="options">The options, copied; <see langword="null"/> for the defaults.</param>
    public RegistryClient(RegistryOptions? options = null)
    {
        _options = options?.Clone() ?? new RegistryOptions();
        _transport = new RegistryTransport(_options);
        _hosts = new HostDirectory(_options);
    }

    /// <summary>Gets the repository that a reference names. Nothing is asked yet.</summary>
    /// <param name="reference">The reference; its tag and digest do not matter.</param>
    /// <returns>The repository.</returns>
    public RepositoryClient GetRepository(ImageReference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return new RepositoryClient(_transport, _hosts, reference.Registry, reference.Repository, _options);
    }

    /// <summary>Gets a repository. Nothing is asked yet.</summary>
    /// <param name="registry">The registry: a host with an optional port.</param>
    /// <param name="repository">The name of the repository.</param>
    /// <returns>The repository.</returns>
    /// <exception cref="ArgumentException">One of the two is malformed.</exception>
    public RepositoryClient GetRepository(string registry, string repository) =>
        GetRepository(new ImageReference { Registry = registry, Repository = repository });

    /// <summary>Asks a registry whether it speaks the protocol and lets the credentials in (distribution-spec 1.1.1, end-1).</summary>
    /// <param name="registry">The registry: a host with an optional port.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns>A task that ends when the registry said yes.</returns>
    /// <exception cref="ArgumentException">The registry's name is malformed.</exception>
    /// <exception cref="RegistryException">The registry refuses, or is none.</exception>
    public async ValueTask PingAsync(string registry, CancellationToken cancellationToken = default)
    {
        RegistryHost host = await GetHostAsync(registry, cancellationToken).ConfigureAwait(false);
        var need = new AccessNeed("", "");
        using HttpResponseMessage response = await _transport
            .GetAsync(host, need, root => new HttpRequestMessage(HttpMethod.Get, root), cancellationToken)
            .ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw await _transport.FaultAsync(response, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Lists the repositories of a registry, where it offers that.</summary>
    /// <param name="registry">The registry: a host with an optional port.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <returns>The names, page by page; what is no name of a repository is left out.</returns>
    /// <exception cref="ArgumentException">The registry's name is malformed.</exception>
    /// <exception cref="RegistryException">The registry refuses, or pages in a circle.</exception>
    public async IAsyncEnumerable<string> ListRepositoriesAsync(
        string registry, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        RegistryHost host = await GetHostAsync(registry, cancellationToken).ConfigureAwait(false);
        var pages = new Paging(_transport, host, new AccessNeed("", "*"));
        await foreach (Page page in pages.ReadAsync(root => new Uri(root, "_catalog"), cancellationToken).ConfigureAwait(false))
        {
            RepositoryList list = CappedBody.ParseJson(page.Body, page.Address, RegistryJsonContext.Default.RepositoryList);
            foreach (string name in (list.Repositories ?? []).Where(name => name is not null && ReferenceGrammar.IsRepository(name)))
            {
                yield return name;
            }
        }
    }

    /// <summary>Gets what a registry last said of how much it may be asked.</summary>
    /// <param name="registry">The registry: a host with an optional port.</param>
    /// <param name="cancellationToken">Cancels the question for the route to the registry; the registry itself is not asked.</param>
    /// <returns>What it said, or <see langword="null"/> where it said nothing.</returns>
    /// <exception cref="ArgumentException">The registry's name is malformed.</exception>
    public async ValueTask<RegistryRateLimit?> GetRateLimitAsync(string registry, CancellationToken cancellationToken = default) =>
        (await GetHostAsync(registry, cancellationToken).ConfigureAwait(false)).Knowledge.RateLimit;

    /// <inheritdoc/>
    public void Dispose() => _hosts.Dispose();

    private async ValueTask<RegistryHost> GetHostAsync(string registry, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(registry);
        if (!ReferenceGrammar.IsRegistry(registry))
        {
            throw new ArgumentException(
                $"'{Excerpt.Of(registry)}' is not a registry: a host with an optional port.", nameof(registry));
        }

        return (await _hosts.GetRouteAsync(registry, "", cancellationToken).ConfigureAwait(false)).Upstream.Host;
    }
}
