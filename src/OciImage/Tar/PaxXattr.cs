using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace OciImage.Tar;

/// <summary>Knows how extended headers say attributes.</summary>
/// <remarks>
/// star's form has name and value as they are, and every tool reads it; but a record's key ends at its first '=', so that no name with
/// one can be said. For those alone there is libarchive's form: the name percent-encoded, the value in Base64 without padding.
/// Other attributes in that form are passed over, as container tools do, so that nobody hides one from them.
/// </remarks>
internal static class PaxXattr
{
    private const string Star = "SCHILY.xattr.";
    private const string Libarchive = "LIBARCHIVE.xattr.";

    /// <summary>Returns the key, as Latin-1, and the value of the record that says an attribute.</summary>
    public static (string Key, byte[] Value) ToRecord(TarXattr xattr)
    {
        string name = Encoding.Latin1.GetString(xattr.Name.Span);
        return name.Contains('=', StringComparison.Ordinal)
            ? (Libarchive + Escape(name), Encoding.ASCII.GetBytes(Convert.ToBase64String(xattr.Value.Span).TrimEnd('=')))
            : (Star + name, xattr.Value.ToArray());
    }

    /// <summary>Reads a record; returns whether it says an attribute.</summary>
    /// <param name="key">The key as Latin-1.</param>
    /// <param name="value">The value.</param>
    /// <param name="name">The attribute's name as Latin-1.</param>
    /// <param name="content">The attribute's value.</param>
    public static bool TryRead(string key, ReadOnlySpan<byte> value, out string name, out byte[] content)
    {
        (name, content) = ("", []);
        if (key.StartsWith(Star, StringComparison.Ordinal))
        {
            (name, content) = (key[Star.Length..], value.ToArray());
            return true;
        }

        return key.StartsWith(Libarchive, StringComparison.Ordinal) &&
            TryUnescape(key.AsSpan(Libarchive.Length), out name) && name.Contains('=', StringComparison.Ordinal) &&
            TryDecode(value, out content);
    }

    private static string Escape(string name)
    {
        var text = new StringBuilder(name.Length + 8);
        foreach (char c in name)
        {
            if (c is > ' ' and < '\x7F' and not ('%' or '='))
            {
                text.Append(c);
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"%{(int)c:X2}");
            }
        }

        return text.ToString();
    }

    private static bool TryUnescape(ReadOnlySpan<char> text, out string name)
    {
        name = "";
        var result = new StringBuilder(text.Length);
        while (!text.IsEmpty)
        {
            if (text[0] != '%')
            {
                result.Append(text[0]);
                text = text[1..];
                continue;
            }

            if (text.Length < 3 ||
                !byte.TryParse(text[1..3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value) || value == 0)
            {
                return false;
            }

            result.Append((char)value);
            text = text[3..];
        }

        name = result.ToString();
        return true;
    }

    // Not everybody leaves the padding out.
    private static bool TryDecode(ReadOnlySpan<byte> value, out byte[] content)
    {
        value = value.TrimEnd((byte)'=');
        byte[] padded = new byte[(value.Length + 3) & ~3];
        padded.AsSpan().Fill((byte)'=');
        value.CopyTo(padded);
        content = new byte[padded.Length];
        OperationStatus status = Base64.DecodeFromUtf8(padded, content, out _, out int written);
        content = content[..written];

        return status == OperationStatus.Done;
    }
}
