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

    /// <summary>Returns the tag of a source's image: an archive has whole names where others have tags.</summary>
    public static string ToTag(string? tag) =>
        tag is not null && ImageReference.TryParse($"a:{tag}", out ImageReference? plain) && plain.Tag == tag ? tag
        : ImageReference.TryParse(tag, out ImageReference? name) && name.Tag is { } last ? last
        : ImageReference.DefaultTag;
}
