using System.Text;

namespace OciImage;

/// <summary>Quotes foreign text in messages: short, on one line, without control characters.</summary>
internal static class Excerpt
{
    private const int MaxLength = 120;

    /// <summary>Returns at most 120 characters of a text, with control characters and surrogates replaced by '?'.</summary>
    public static string Of(ReadOnlySpan<char> text) => Of(text, MaxLength);

    /// <summary>Returns the start of a text, with control characters and surrogates replaced by '?'.</summary>
    public static string Of(ReadOnlySpan<char> text, int maxLength)
    {
        bool cut = text.Length > maxLength;
        var builder = new StringBuilder(cut ? maxLength + 1 : text.Length);
        foreach (char c in cut ? text[..maxLength] : text)
        {
            builder.Append(char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' ? '?' : c);
        }

        return cut ? builder.Append('…').ToString() : builder.ToString();
    }
}
