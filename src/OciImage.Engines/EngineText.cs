using System.Text;

namespace OciImage.Engines;

/// <summary>Quotes what an engine said: short, on one line, without control characters.</summary>
internal static class EngineText
{
    private const int MaxLength = 400;

    public static string Of(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        bool cut = text.Length > MaxLength;
        var builder = new StringBuilder(Math.Min(text.Length, MaxLength) + 1);
        foreach (char c in cut ? text[..MaxLength] : text)
        {
            builder.Append(c == '\n' ? ' ' : char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' ? '?' : c);
        }

        return cut ? builder.Append('…').ToString() : builder.ToString();
    }
}
