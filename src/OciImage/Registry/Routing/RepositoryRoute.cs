namespace OciImage.Registry.Routing;

/// <summary>The places of one repository.</summary>
/// <param name="Mirrors">The mirrors, the preferred one first.</param>
/// <param name="Upstream">The registry itself, asked last, and the only one that is written to.</param>
internal sealed record RepositoryRoute(IReadOnlyList<RepositoryPlace> Mirrors, RepositoryPlace Upstream);
