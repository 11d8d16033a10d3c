namespace OciImage.Content;

/// <summary>Knows which names a repository may have (distribution-spec 1.1.1, "Pulling manifests").</summary>
internal static class RepositoryName
{
    public const int MaxLength = 255;

    public static void Check(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsValid(name))
        {
            throw new ArgumentException($"'{Excerpt.Of(name)}' is not the name of a repository.", nameof(name));
        }
    }

    // name ::= component ('/' component)*, component ::= [a-z0-9]+ (('.' | '_' | '__' | '-'+) [a-z0-9]+)*
    public static bool IsValid(ReadOnlySpan<char> name)
    {
        if (name.IsEmpty || name.Length > MaxLength)
        {
            return false;
        }

        foreach (Range range in name.Split('/'))
        {
            if (!IsComponent(name[range]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsComponent(ReadOnlySpan<char> component)
    {
        int i = 0;
        while (true)
        {
            int start = i;
            while (i < component.Length && (char.IsAsciiLetterLower(component[i]) || char.IsAsciiDigit(component[i])))
            {
                i++;
            }

            if (i == start)
            {
                return false;
            }

            if (i == component.Length)
            {
                return true;
            }

            int separator = component[i..] switch
            {
                ['_', '_', ..] => 2,
                ['.' or '_', ..] => 1,
                ['-', ..] => component[i..].IndexOfAnyExcept('-') is > 0 and int dashes ? dashes : component.Length - i,
                _ => 0,
            };
            if (separator == 0)
            {
                return false;
            }

            i += separator;
        }
    }
}
