namespace OciImage.Registry.Routing;

/// <summary>The places of one repository.</summary>
/// <param name="Mirrors">The mirrors, the preferred one first.</param>
/// <param name="Registry">The registry itself, asked last, and the only one that is written to.</param>
/// <param name="BlockedBecause">Why the registry itself must not be asked, or <see langword="null"/>.</param>
internal sealed record RepositoryRoute(
    IReadOnlyList<RepositoryPlace> Mirrors, RepositoryPlace Registry, string? BlockedBecause)
{
    /// <summary>Gets the registry itself.</summary>
    /// <exception cref="RegistryException">It is blocked.</exception>
    public RepositoryPlace Upstream => BlockedBecause is null
        ? Registry
        : throw new RegistryException($"'{Registry}' is not asked: {Excerpt.Of(BlockedBecause)}");
}
