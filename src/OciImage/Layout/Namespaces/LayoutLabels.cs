using System.Text;

namespace OciImage.Layout;

/// <summary>Knows what may be a label: what may be one of containerd's.</summary>
internal static class LayoutLabels
{
    private const int MaxLength = 4096;

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <exception cref="ArgumentException">The label has no key, is no text, or is too long.</exception>
    public static void Check(string key, string? value)
    {
        if (key.Length == 0 || key.Any(char.IsControl))
        {
            throw new ArgumentException($"'{Excerpt.Of(key)}' is no key of a label: it is empty or has control characters.");
        }

        if (Strict.GetByteCount(key) + Strict.GetByteCount(value ?? "") > MaxLength)
        {
            throw new ArgumentException($"The label '{Excerpt.Of(key)}' has more than {MaxLength} bytes with its value.");
        }
    }
}
