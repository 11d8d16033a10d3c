namespace OciImage.Layout;

/// <summary>Knows one entry of <c>index.json</c>: a descriptor with a name in a namespace, without one, or of a lease.</summary>
/// <remarks>
/// A tag in <c>org.opencontainers.image.ref.name</c> is what other tools see, so whatever else stands on such an entry, it
/// belongs to the default namespace.
/// </remarks>
internal static class LayoutEntry
{
    public static string? TagOf(Descriptor entry) => entry.Annotations.GetValueOrDefault(AnnotationKeys.RefName);

    /// <summary>Returns the lease that an entry belongs to, or <see langword="null"/> where it is one of a name.</summary>
    public static string? LeaseOf(Descriptor entry) =>
        TagOf(entry) is null ? entry.Annotations.GetValueOrDefault(LayoutAnnotations.Lease) : null;

    public static string NamespaceOf(Descriptor entry) => TagOf(entry) is not null
        ? OciLayoutOptions.DefaultNamespace
        : entry.Annotations.GetValueOrDefault(LayoutAnnotations.Namespace) ?? OciLayoutOptions.DefaultNamespace;

    public static string? NameOf(Descriptor entry) =>
        TagOf(entry) ?? (LeaseOf(entry) is null ? entry.Annotations.GetValueOrDefault(LayoutAnnotations.Name) : null);

    /// <summary>Tells whether an entry is a root of a namespace, with a name or without; what a lease keeps is none.</summary>
    public static bool IsRootOf(Descriptor entry, string @namespace) =>
        LeaseOf(entry) is null && NamespaceOf(entry) == @namespace;

    /// <summary>Returns the entry as it would be anywhere else; the names, labels and leases only mean something here.</summary>
    public static Descriptor ToPlain(Descriptor entry) => entry.Annotations.Keys.Any(IsOurs)
        ? entry with
        {
            Annotations = entry.Annotations
                .Where(annotation => !IsOurs(annotation.Key))
                .ToDictionary(StringComparer.Ordinal),
        }
        : entry;

    /// <summary>Returns content as an entry of a namespace.</summary>
    public static Descriptor Create(
        Descriptor content, string @namespace, string? name, IReadOnlyDictionary<string, string> labels)
    {
        Descriptor plain = ToPlain(content);
        bool isDefault = @namespace == OciLayoutOptions.DefaultNamespace;
        if (isDefault && name is null && labels.Count == 0)
        {
            return plain;
        }

        var annotations = new Dictionary<string, string>(plain.Annotations, StringComparer.Ordinal);
        if (!isDefault)
        {
            annotations[LayoutAnnotations.Namespace] = @namespace;
        }

        if (name is not null)
        {
            annotations[isDefault ? AnnotationKeys.RefName : LayoutAnnotations.Name] = name;
        }

        foreach ((string key, string value) in labels)
        {
            annotations[LayoutAnnotations.Label + key] = value;
        }

        return plain with { Annotations = annotations };
    }

    public static IReadOnlyDictionary<string, string> LabelsOf(Descriptor entry)
    {
        Dictionary<string, string>? labels = null;
        foreach ((string key, string value) in entry.Annotations)
        {
            if (key.StartsWith(LayoutAnnotations.Label, StringComparison.Ordinal))
            {
                (labels ??= new(StringComparer.Ordinal)).Add(key[LayoutAnnotations.Label.Length..], value);
            }
        }

        return labels ?? (IReadOnlyDictionary<string, string>)NoLabels;
    }

    public static IReadOnlyDictionary<string, string> NoLabels { get; } = new Dictionary<string, string>();

    /// <summary>Chooses among the entries of one tag: an index, then this machine's platform, then the first.</summary>
    public static Descriptor? Choose(IReadOnlyList<Descriptor> tagged)
    {
        if (tagged.Count < 2)
        {
            return tagged.Count == 0 ? null : tagged[0];
        }

        return tagged.FirstOrDefault(entry => MediaTypes.IsIndex(entry.MediaType)) ??
            PlatformMatcher.Current.Select(tagged) ?? tagged[0];
    }

    private static bool IsOurs(string key) =>
        key == AnnotationKeys.RefName || key.StartsWith(LayoutAnnotations.Prefix, StringComparison.Ordinal);
}
