#pragma warning disable // Stub: replaced by its owner.
namespace OciImage.Registry;

/// <summary>Credentials in a docker config.json (auths; later helpers). Reads the file at each question; writes atomically with mode 0600.</summary>
public sealed class DockerConfigFile : IRegistryCredentialProvider
{
    public DockerConfigFile(string path) { }
    /// <summary>$DOCKER_CONFIG/config.json or ~/.docker/config.json.</summary>
    public static string DefaultPath => throw new NotImplementedException();
    public ValueTask<RegistryCredential?> GetCredentialAsync(string registry, string repository, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask StoreAsync(string registry, RegistryCredential credential, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask<bool> EraseAsync(string registry, CancellationToken cancellationToken = default) => throw new NotImplementedException();
}
