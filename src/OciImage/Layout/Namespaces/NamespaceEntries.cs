namespace OciImage.Layout;

/// <summary>Changes the entries of one namespace, and leaves those of others and of leases as they are.</summary>
internal sealed class NamespaceEntries(string @namespace)
{
    public bool IsRoot(Descriptor entry) => LayoutEntry.IsRootOf(entry, @namespace);

    public bool IsNamed(Descriptor entry, string name) => LayoutEntry.NameOf(entry) == name && IsRoot(entry);

    /// <summary>Returns the entries with one more root, unless the namespace lists content of that digest.</summary>
    public IReadOnlyList<Descriptor> Add(IReadOnlyList<Descriptor> entries, Descriptor descriptor) =>
        entries.Any(entry => entry.Digest == descriptor.Digest && IsRoot(entry))
            ? entries
            : [.. entries, Create(descriptor, null)];

    /// <summary>Returns the entries with the name on the content and on nothing else; the name keeps its labels.</summary>
    /// <param name="entries">The entries.</param>
    /// <param name="descriptor">The content.</param>
    /// <param name="name">The name.</param>
    /// <param name="referrers">What stays listed without the name, since its subject is found through it.</param>
    public IReadOnlyList<Descriptor> Name(
        IReadOnlyList<Descriptor> entries, Descriptor descriptor, string name, IReadOnlySet<Digest> referrers)
    {
        Descriptor[] before = [.. entries.Where(entry => IsNamed(entry, name))];
        Descriptor named = LayoutEntry.Create(
            descriptor, @namespace, name, before.Length == 0 ? LayoutEntry.NoLabels : LayoutEntry.LabelsOf(before[0]));
        if (before.Length == 1 && before[0] == named)
        {
            return entries;
        }

        int first = entries.ToList().FindIndex(entry => IsReplaced(entry));
        var changed = new List<Descriptor>(entries.Count + 1);
        for (int i = 0; i < entries.Count; i++)
        {
            if (i == first)
            {
                changed.Add(named);
            }

            if (!IsReplaced(entries[i]))
            {
                changed.Add(entries[i]);
            }
            else if (entries[i].Digest != descriptor.Digest)
            {
                Keep(changed, entries, entries[i], name, referrers);
            }
        }

        if (first < 0)
        {
            changed.Add(named);
        }

        return changed;

        bool IsReplaced(Descriptor entry) => IsNamed(entry, name) ||
            (entry.Digest == descriptor.Digest && LayoutEntry.NameOf(entry) is null && IsRoot(entry));
    }

    /// <summary>Returns the entries without the name, or the same list where none has it.</summary>
    public IReadOnlyList<Descriptor> Unname(
        IReadOnlyList<Descriptor> entries, string name, IReadOnlySet<Digest> referrers)
    {
        var changed = new List<Descriptor>(entries.Count);
        foreach (Descriptor entry in entries)
        {
            if (!IsNamed(entry, name))
            {
                changed.Add(entry);
            }
            else
            {
                Keep(changed, entries, entry, name, referrers);
            }
        }

        return entries.Any(entry => IsNamed(entry, name)) ? changed : entries;
    }

    /// <summary>Returns the entries with other labels on a name, or the same list where none has it.</summary>
    public IReadOnlyList<Descriptor> Label(
        IReadOnlyList<Descriptor> entries, string name, IReadOnlyDictionary<string, string?> changes)
    {
        bool found = false;
        var changed = new List<Descriptor>(entries.Count);
        foreach (Descriptor entry in entries)
        {
            if (!IsNamed(entry, name))
            {
                changed.Add(entry);
                continue;
            }

            found = true;
            var labels = new Dictionary<string, string>(LayoutEntry.LabelsOf(entry), StringComparer.Ordinal);
            foreach ((string key, string? value) in changes)
            {
                if (value is null)
                {
                    labels.Remove(key);
                }
                else
                {
                    labels[key] = value;
                }
            }

            changed.Add(LayoutEntry.Create(entry, @namespace, name, labels));
        }

        return found ? changed : entries;
    }

    private Descriptor Create(Descriptor content, string? name) =>
        LayoutEntry.Create(content, @namespace, name, LayoutEntry.NoLabels);

    private void Keep(
        List<Descriptor> changed,
        IReadOnlyList<Descriptor> entries,
        Descriptor entry,
        string name,
        IReadOnlySet<Digest> referrers)
    {
        if (referrers.Contains(entry.Digest) && !changed.Any(other => other.Digest == entry.Digest && IsRoot(other)) &&
            !entries.Any(other => other.Digest == entry.Digest && IsRoot(other) && !IsNamed(other, name)))
        {
            changed.Add(Create(entry, null));
        }
    }
}
