using System.Globalization;
using System.Text;

namespace OciImage.Cli.Output;

/// <summary>Makes text of strangers harmless for a terminal.</summary>
internal static class SafeText
{
    /// <summary>Returns the text with control and formatting characters written out, line ends too.</summary>
    public static string Of(string text) => Escape(text, keepLines: false);

    /// <summary>Returns the text with control and formatting characters written out; lines stay lines.</summary>
    public static string OfLines(string text) => Escape(text, keepLines: true);

    private static string Escape(string text, bool keepLines)
    {
        StringBuilder? safe = null;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            bool harmless = (keepLines && c == '\n') || CharUnicodeInfo.GetUnicodeCategory(c) is not
                (UnicodeCategory.Control or UnicodeCategory.Format or
                UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
            if (!harmless)
            {
                safe ??= new StringBuilder(text, 0, i, text.Length + 16);
                safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
                continue;
            }

            safe?.Append(c);
        }

        return safe?.ToString() ?? text;
    }
}
