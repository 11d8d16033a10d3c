namespace OciImage.Images;

/// <summary>Keeps history and layers in step: every entry that made a layer stands for one (image-spec 1.1.1, config.md).</summary>
internal static class ImageHistory
{
    private static readonly HistoryEntry Unknown = new() { Comment = "from the base image" };

    /// <summary>Returns a base's history so that it has an entry for each layer and none too many.</summary>
    public static IEnumerable<HistoryEntry> Complete(IReadOnlyList<HistoryEntry> history, int layers)
    {
        int described = history.Count(entry => !entry.EmptyLayer);

        // Entries for layers that are not there cannot be told from the others, so none of them is believed.
        return described > layers
            ? Enumerable.Repeat(Unknown, layers)
            : history.Concat(Enumerable.Repeat(Unknown, layers - described));
    }
}
