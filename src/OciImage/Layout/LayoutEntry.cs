namespace OciImage.Layout;

/// <summary>Knows the entries of <c>index.json</c>: descriptors, some with a tag in an annotation.</summary>
internal static class LayoutEntry
{
    public static string? TagOf(Descriptor entry) => entry.Annotations.GetValueOrDefault(AnnotationKeys.RefName);

    public static bool IsTagged(Descriptor entry, string tag) => TagOf(entry) == tag;

    /// <summary>Returns the entry as it would be anywhere else; the tag's annotation only means something here.</summary>
    public static Descriptor WithoutTag(Descriptor entry) => TagOf(entry) is null
        ? entry
        : entry with
        {
            Annotations = entry.Annotations
                .Where(annotation => annotation.Key != AnnotationKeys.RefName)
                .ToDictionary(StringComparer.Ordinal),
        };

    /// <summary>Returns the entries with one more root, unless content of that digest is listed.</summary>
    public static IReadOnlyList<Descriptor> Add(IReadOnlyList<Descriptor> entries, Descriptor descriptor) =>
        entries.Any(entry => entry.Digest == descriptor.Digest) ? entries : [.. entries, WithoutTag(descriptor)];

    /// <summary>Returns the entries with the tag on the content and on nothing else.</summary>
    public static IReadOnlyList<Descriptor> Tag(IReadOnlyList<Descriptor> entries, Descriptor descriptor, string tag)
    {
        Descriptor plain = WithoutTag(descriptor);
        var annotations = new Dictionary<string, string>(plain.Annotations, StringComparer.Ordinal)
        {
            [AnnotationKeys.RefName] = tag,
        };
        Descriptor tagged = plain with { Annotations = annotations };
        if (entries.Count(entry => IsTagged(entry, tag)) == 1 && entries.Contains(tagged))
        {
            return entries;
        }

        var changed = new List<Descriptor>(entries.Count + 1);
        bool placed = false;
        foreach (Descriptor entry in entries)
        {
            bool replaced = IsTagged(entry, tag) || (entry.Digest == plain.Digest && TagOf(entry) is null);
            if (!replaced)
            {
                changed.Add(entry);
            }
            else if (!placed)
            {
                placed = true;
                changed.Add(tagged);
            }
        }

        if (!placed)
        {
            changed.Add(tagged);
        }

        return changed;
    }
}
