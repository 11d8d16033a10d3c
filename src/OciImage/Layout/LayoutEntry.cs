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
    /// <param name="entries">The entries.</param>
    /// <param name="descriptor">The content.</param>
    /// <param name="tag">The tag.</param>
    /// <param name="referrers">What stays listed without the tag, since its subject is found through it.</param>
    public static IReadOnlyList<Descriptor> Tag(
        IReadOnlyList<Descriptor> entries, Descriptor descriptor, string tag, IReadOnlySet<Digest> referrers)
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

        int first = entries.ToList().FindIndex(entry => IsReplaced(entry));
        var changed = new List<Descriptor>(entries.Count + 1);
        for (int i = 0; i < entries.Count; i++)
        {
            if (i == first)
            {
                changed.Add(tagged);
            }

            if (!IsReplaced(entries[i]))
            {
                changed.Add(entries[i]);
            }
            else if (entries[i].Digest != plain.Digest)
            {
                Keep(changed, entries, entries[i], tag, referrers);
            }
        }

        if (first < 0)
        {
            changed.Add(tagged);
        }

        return changed;

        bool IsReplaced(Descriptor entry) => IsTagged(entry, tag) || (entry.Digest == plain.Digest && TagOf(entry) is null);
    }

    /// <summary>Returns the entries without the tag, or the same list where none has it.</summary>
    public static IReadOnlyList<Descriptor> Untag(
        IReadOnlyList<Descriptor> entries, string tag, IReadOnlySet<Digest> referrers)
    {
        var changed = new List<Descriptor>(entries.Count);
        foreach (Descriptor entry in entries)
        {
            if (!IsTagged(entry, tag))
            {
                changed.Add(entry);
            }
            else
            {
                Keep(changed, entries, entry, tag, referrers);
            }
        }

        return entries.Any(entry => IsTagged(entry, tag)) ? changed : entries;
    }

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

    private static void Keep(
        List<Descriptor> changed,
        IReadOnlyList<Descriptor> entries,
        Descriptor entry,
        string tag,
        IReadOnlySet<Digest> referrers)
    {
        if (referrers.Contains(entry.Digest) && !changed.Any(other => other.Digest == entry.Digest) &&
            !entries.Any(other => other.Digest == entry.Digest && !IsTagged(other, tag)))
        {
            changed.Add(WithoutTag(entry));
        }
    }
}
