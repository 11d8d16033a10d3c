namespace OciImage.Content;

/// <summary>Holds image stores by name, as a registry holds repositories. Content is visible in the store that has it, and no other.</summary>
public interface IRepositoryProvider
{
    /// <summary>Gets the store of a repository.</summary>
    /// <param name="name">The name, such as <c>library/alpine</c>.</param>
    /// <param name="create">Whether to make the repository where there is none.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns>The store, or <see langword="null"/> where there is none and none was to be made.</returns>
    /// <exception cref="ArgumentException">The name is not one of a repository (distribution-spec 1.1.1, "Pulling manifests").</exception>
    ValueTask<IImageStore?> GetAsync(string name, bool create, CancellationToken cancellationToken = default);

    /// <summary>Lists the names of the repositories in ordinal order.</summary>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <returns>The names.</returns>
    IAsyncEnumerable<string> ListAsync(CancellationToken cancellationToken = default);
}
