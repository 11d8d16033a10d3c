namespace OciImage.Registry;

/// <summary>Knows the credentials for registries. A credential is only ever sent to the registry it is for, or to its token server.</summary>
public interface IRegistryCredentialProvider
{
    /// <summary>Gets the credential for a registry.</summary>
    /// <param name="registry">
    /// The registry as a user writes it, such as <c>docker.io</c>; the host of a mirror; or, where there was no answer for the
    /// first, the host that a file gives the registry instead.
    /// </param>
    /// <param name="repository">The repository, or an empty text.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns>The credential, or <see langword="null"/> or an empty one to ask anonymously.</returns>
    ValueTask<RegistryCredential?> GetCredentialAsync(
        string registry, string repository, CancellationToken cancellationToken = default);
}
