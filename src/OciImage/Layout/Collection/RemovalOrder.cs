namespace OciImage.Layout;

/// <summary>Puts what is to be removed in order: documents before what they refer to.</summary>
/// <remarks>
/// Whoever names a document while a collection runs finds it whole or not at all: as long as it is there, so is everything below.
/// </remarks>
internal static class RemovalOrder
{
    public static List<ListedBlob> Arrange(
        IReadOnlyList<ListedBlob> dead, ContentMarker marker, CancellationToken cancellationToken)
    {
        var links = new IReadOnlyList<DocumentLink>[dead.Count];
        Parallel.For(
            0,
            dead.Count,
            new ParallelOptions { CancellationToken = cancellationToken },
            i => links[i] = dead[i].Size <= DocumentOptions.DefaultMaxSize ? marker.ReadLinks(dead[i].Digest) : []);

        var documents = new Dictionary<Digest, int>();
        for (int i = 0; i < dead.Count; i++)
        {
            if (links[i].Count > 0)
            {
                documents.Add(dead[i].Digest, i);
            }
        }

        int[] parents = new int[dead.Count];
        foreach (int child in documents.Values.SelectMany(i => links[i]).Select(Find))
        {
            if (child >= 0)
            {
                parents[child]++;
            }
        }

        var order = new List<ListedBlob>(dead.Count);
        var isPlaced = new bool[dead.Count];
        var free = new Queue<int>(documents.Values.Where(i => parents[i] == 0));
        while (free.TryDequeue(out int i))
        {
            order.Add(dead[i]);
            isPlaced[i] = true;
            foreach (int child in links[i].Select(Find))
            {
                if (child >= 0 && --parents[child] == 0)
                {
                    free.Enqueue(child);
                }
            }
        }

        // A circle of documents cannot be true; in which order it goes does not matter. What has no links comes last.
        order.AddRange(documents.Values.Where(i => !isPlaced[i]).Select(i => dead[i]));
        order.AddRange(Enumerable.Range(0, dead.Count).Where(i => links[i].Count == 0).Select(i => dead[i]));
        return order;

        int Find(DocumentLink link) => documents.GetValueOrDefault(link.Digest, -1);
    }
}
