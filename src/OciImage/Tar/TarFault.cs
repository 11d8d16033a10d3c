namespace OciImage.Tar;

/// <summary>Makes the exceptions of the reader; each says what was found.</summary>
internal static class TarFault
{
    public static LayerException Malformed(string message, string? entry = null) =>
        new(LayerErrorKind.Malformed, entry is null ? message : $"{message} (entry '{Excerpt.Of(entry)}')", entry);

    public static LayerException Limit(string message, string? entry = null) =>
        new(LayerErrorKind.LimitExceeded, message, entry);

    public static LayerException Truncated() => Malformed("The archive ends in the middle of an entry.");
}
