namespace OciImage.Registry.Http;

/// <summary>Reads Link headers (RFC 8288, section 3).</summary>
internal static class LinkHeader
{
    private const int MaxLength = 16 * 1024;

    /// <summary>Returns the address of the first link whose relation is <c>next</c>, or <see langword="null"/>.</summary>
    public static string? FindNext(IEnumerable<string> headers)
    {
        foreach (string header in headers)
        {
            if (header.Length <= MaxLength && FindNext(header) is { } address)
            {
                return address;
            }
        }

        return null;
    }

    // link ::= '<' address '>' (';' name ('=' (token | '"' text '"'))?)*, several with commas between
    private static string? FindNext(ReadOnlySpan<char> text)
    {
        while (true)
        {
            text = text.TrimStart(" \t,");
            int end = text.IndexOf('>');
            if (end < 0 || text[0] != '<')
            {
                return null;
            }

            ReadOnlySpan<char> address = text[1..end];
            text = text[(end + 1)..];
            bool isNext = false;
            while ((text = text.TrimStart(" \t")) is [';', ..])
            {
                ReadOnlySpan<char> name = TakeWord(ref text, 1);
                text = text.TrimStart(" \t");
                if (text is not ['=', ..])
                {
                    continue;
                }

                ReadOnlySpan<char> value = TakeValue(ref text);
                isNext |= name.Equals("rel", StringComparison.OrdinalIgnoreCase) && HasWord(value, "next");
            }

            if (isNext)
            {
                return address.Trim().ToString();
            }

            if (!text.IsEmpty && text[0] != ',')
            {
                return null;
            }
        }
    }

    private static ReadOnlySpan<char> TakeWord(ref ReadOnlySpan<char> text, int skip)
    {
        text = text[skip..].TrimStart(" \t");
        int end = text.IndexOfAny("=;, \t");
        ReadOnlySpan<char> word = end < 0 ? text : text[..end];
        text = text[word.Length..];

        return word;
    }

    private static ReadOnlySpan<char> TakeValue(ref ReadOnlySpan<char> text)
    {
        ReadOnlySpan<char> rest = text[1..].TrimStart(" \t");
        if (rest is not ['"', ..])
        {
            return TakeWord(ref text, 1);
        }

        int end = 1;
        while (end < rest.Length && rest[end] != '"')
        {
            end += rest[end] == '\\' ? 2 : 1;
        }

        end = Math.Min(end, rest.Length);
        text = end < rest.Length ? rest[(end + 1)..] : default;

        return rest[1..end];
    }

    private static bool HasWord(ReadOnlySpan<char> text, ReadOnlySpan<char> word)
    {
        foreach (Range range in text.Split(' '))
        {
            if (text[range].Equals(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
