using OciImage.Registry;

namespace OciImage.Cli.Locations;

/// <summary>The credential of the command line, for whatever registry the command line names.</summary>
internal sealed class GivenCredential(RegistryCredential credential) : IRegistryCredentialProvider
{
    public ValueTask<RegistryCredential?> GetCredentialAsync(
        string registry, string repository, CancellationToken cancellationToken) => new(credential);
}
