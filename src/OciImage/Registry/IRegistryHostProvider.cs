namespace OciImage.Registry;

/// <summary>Knows the mirrors and the special treatment of registries.</summary>
public interface IRegistryHostProvider
{
    /// <summary>Gets the route to a repository. A client asks once for each repository, and keeps the answer.</summary>
    /// <param name="registry">The registry as a user writes it, such as <c>docker.io</c>.</param>
    /// <param name="repository">The name of the repository, or an empty text for what belongs to none.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns>The route, or <see langword="null"/> where nothing is special.</returns>
    ValueTask<RegistryRoute?> GetRouteAsync(
        string registry, string repository, CancellationToken cancellationToken = default);
}
