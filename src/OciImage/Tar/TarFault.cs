using System.Text;

namespace OciImage.Tar;

/// <summary>Makes the exceptions of the reader; each says what was found.</summary>
internal static class TarFault
{
    public static LayerException Malformed(string message) => new(LayerErrorKind.Malformed, message);

    public static LayerException Malformed(string message, ReadOnlySpan<byte> entry) =>
        Make(LayerErrorKind.Malformed, message, entry);

    public static LayerException Unsupported(string message, ReadOnlySpan<byte> entry) =>
        Make(LayerErrorKind.Unsupported, message, entry);

    public static LayerException Limit(string message) => new(LayerErrorKind.LimitExceeded, message);

    public static LayerException Limit(string message, ReadOnlySpan<byte> entry) =>
        Make(LayerErrorKind.LimitExceeded, message, entry);

    public static LayerException Truncated() => Malformed("The archive ends in the middle of an entry.");

    // Names are shown only here, so that reading makes no text of them.
    private static LayerException Make(LayerErrorKind kind, string message, ReadOnlySpan<byte> entry)
    {
        string name = Encoding.UTF8.GetString(entry);
        return new LayerException(kind, $"{message} (entry '{Excerpt.Of(name)}')", name);
    }
}
