using System.Text.Json.Serialization;

namespace OciImage.Server.Listing;

/// <summary>The body of a list of repositories.</summary>
internal sealed record RepositoryList([property: JsonPropertyName("repositories")] IReadOnlyList<string> Repositories);
