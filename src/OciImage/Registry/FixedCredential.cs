namespace OciImage.Registry;

/// <summary>One credential, for one registry and for no other: not for its mirrors either.</summary>
public sealed class FixedCredential : IRegistryCredentialProvider
{
    private readonly string _registry;
    private readonly RegistryCredential _credential;

    /// <summary>Initializes a new instance.</summary>
    /// <param name="registry">The registry as a user writes it: a host with an optional port.</param>
    /// <param name="credential">The credential.</param>
    /// <exception cref="ArgumentException">The registry's name is malformed.</exception>
    public FixedCredential(string registry, RegistryCredential credential)
    {
        ArgumentNullException.ThrowIfNull(registry);
        ArgumentNullException.ThrowIfNull(credential);
        if (!ReferenceGrammar.IsRegistry(registry))
        {
            throw new ArgumentException(
                $"'{Excerpt.Of(registry)}' is not a registry: a host with an optional port.", nameof(registry));
        }

        _registry = registry;
        _credential = credential;
    }

    /// <inheritdoc/>
    public ValueTask<RegistryCredential?> GetCredentialAsync(
        string registry, string repository, CancellationToken cancellationToken = default) =>
        new(_registry.Equals(registry, StringComparison.OrdinalIgnoreCase) ? _credential : null);
}
