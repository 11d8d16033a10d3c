namespace OciImage.Layout;

/// <summary>A root that <c>index.json</c> lists for a namespace.</summary>
/// <param name="Namespace">The namespace.</param>
/// <param name="Name">The tag or name, or <see langword="null"/> where the content is listed without one.</param>
/// <param name="Descriptor">The content, as it would be described anywhere else.</param>
/// <param name="Labels">The labels of the name.</param>
public sealed record LayoutRoot(
    string Namespace, string? Name, Descriptor Descriptor, IReadOnlyDictionary<string, string> Labels);
