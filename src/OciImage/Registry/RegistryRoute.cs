namespace OciImage.Registry;

/// <summary>Says where one repository's content is asked for: its mirrors in order, and then the registry itself.</summary>
public sealed record RegistryRoute
{
    /// <summary>Gets the mirrors, the preferred one first.</summary>
    /// <value>The default value is none.</value>
    public IReadOnlyList<RegistryEndpoint> Mirrors { get; init; } = [];

    /// <summary>Gets how the registry itself is spoken to, or <see langword="null"/> where nothing is special about it.</summary>
    /// <remarks>It is asked last, and takes what is written, whatever its capabilities say; it may have another address.</remarks>
    public RegistryEndpoint? Upstream { get; init; }

    /// <summary>Gets why the registry must not be asked at all, as a sentence for a message, or <see langword="null"/>.</summary>
    /// <remarks>The mirrors may be asked all the same; where there are none, nothing is.</remarks>
    public string? BlockedBecause { get; init; }
}
