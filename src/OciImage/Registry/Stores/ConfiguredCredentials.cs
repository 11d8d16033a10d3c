using OciImage.Registry.Hosts;

namespace OciImage.Registry.Stores;

/// <summary>The credentials of a machine, asked in the order that its <c>registries.conf</c> names helpers in.</summary>
internal sealed class ConfiguredCredentials(SystemRegistryHosts hosts, SystemCredentialsOptions options) : IRegistryCredentialProvider
{
    private readonly SystemCredentialsOptions _options = options.Copy();
    private SystemCredentials? _credentials;

    public async ValueTask<RegistryCredential?> GetCredentialAsync(
        string registry, string repository, CancellationToken cancellationToken = default)
    {
        _credentials ??= await CreateAsync(cancellationToken).ConfigureAwait(false);
        return await _credentials.GetCredentialAsync(registry, repository, cancellationToken).ConfigureAwait(false);
    }

    // Made once or, by requests side by side, a few times over: each is as good as the other.
    private async ValueTask<SystemCredentials> CreateAsync(CancellationToken cancellationToken)
    {
        SystemCredentialsOptions options = _options.Copy();
        if (options.Helpers.Count == 0)
        {
            foreach (string helper in await hosts.GetCredentialHelpersAsync(cancellationToken).ConfigureAwait(false))
            {
                options.Helpers.Add(helper);
            }
        }

        return new SystemCredentials(options);
    }
}
