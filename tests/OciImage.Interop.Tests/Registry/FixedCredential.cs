using OciImage.Registry;

namespace OciImage.Interop.Tests.Registry;

/// <summary>Has one credential for everything.</summary>
internal sealed class FixedCredential(RegistryCredential credential) : IRegistryCredentialProvider
{
    public ValueTask<RegistryCredential?> GetCredentialAsync(
        string registry, string repository, CancellationToken cancellationToken = default) => new(credential);
}
