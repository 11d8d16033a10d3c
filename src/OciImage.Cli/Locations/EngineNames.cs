namespace OciImage.Cli.Locations;

/// <summary>Reads the names of images in local engines.</summary>
internal static class EngineNames
{
    /// <summary>Tells whether a reference spells out a tag.</summary>
    public static bool HasTag(string text)
    {
        int digest = text.IndexOf('@', StringComparison.Ordinal);
        string undigested = digest < 0 ? text : text[..digest];

        return undigested.IndexOf(':', undigested.LastIndexOf('/') + 1) >= 0;
    }
}
