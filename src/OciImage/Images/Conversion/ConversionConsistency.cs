namespace OciImage.Images;

/// <summary>Sees to it that documents of one graph that speak of each other's digests still do so when digests change.</summary>
internal sealed class ConversionConsistency(PlannedDocument root, LossList losses)
{
    /// <summary>Returns a document and all below it, each once, parents before children.</summary>
    public static IReadOnlyList<PlannedDocument> All(PlannedDocument root)
    {
        var seen = new HashSet<PlannedDocument> { root };
        var all = new List<PlannedDocument> { root };
        for (int i = 0; i < all.Count; i++)
        {
            foreach (PlannedDocument child in Children(all[i]))
            {
                if (seen.Add(child))
                {
                    all.Add(child);
                }
            }
        }

        return all;
    }

    /// <summary>Returns what an index keeps.</summary>
    public static IEnumerable<PlannedDocument> Children(PlannedDocument document) => document is PlannedIndex index
        ? index.Entries.Where(entry => !entry.IsLeftOut).Select(entry => entry.Document).OfType<PlannedDocument>()
        : [];

    /// <summary>Marks what changes since something else does, until nothing more does.</summary>
    public void Settle()
    {
        bool isSettled;
        do
        {
            // Children stand behind their parents, so that changes come up in one go where indexes are not shared.
            IReadOnlyList<PlannedDocument> all = All(root);
            HashSet<Digest> changed = [.. all.Where(document => document.IsChanged).Select(document => document.Original.Digest)];
            isSettled = true;
            foreach (PlannedIndex index in all.Reverse().OfType<PlannedIndex>())
            {
                foreach (PlannedEntry entry in index.Entries.Where(entry => !entry.IsLeftOut))
                {
                    FollowSubject(entry, changed);
                    bool isChanging = entry.IsLeftOut || entry.Document is { IsChanged: true } ||
                        (entry.Attested is { } attested && changed.Contains(attested));
                    if (isChanging && !index.IsChanged)
                    {
                        index.IsChanged = true;
                        isSettled = false;
                    }
                }
            }
        }
        while (!isSettled);
    }

    private void FollowSubject(PlannedEntry entry, HashSet<Digest> changed)
    {
        if (entry.Document is not { Subject: { } subject, FollowsSubject: false } document || !changed.Contains(subject))
        {
            return;
        }

        if (entry.Attested is not null)
        {
            document.FollowsSubject = true;
            document.IsChanged = true;
            return;
        }

        losses.Add(
            entry.Original,
            $"'{entry.Original.Digest}' refers to '{subject}', which gets another digest: what it says, and any signature of it, is not of the new one.");
        entry.IsLeftOut = true;
    }
}
