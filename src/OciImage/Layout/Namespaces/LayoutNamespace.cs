namespace OciImage.Layout;

/// <summary>Knows the grammar of namespaces, which is containerd's.</summary>
internal static class LayoutNamespace
{
    private const int MaxLength = 76;

    // containerd keeps a bucket of this name beside the namespaces.
    private const string Reserved = "version";

    /// <exception cref="ArgumentException">The text is no namespace.</exception>
    public static void Check(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!IsValid(name))
        {
            throw new ArgumentException(
                $"'{Excerpt.Of(name)}' is no namespace: letters and digits in parts that one of '.', '_' or '-' separates, at " +
                $"most {MaxLength} characters, and not '{Reserved}'.");
        }
    }

    public static bool IsValid(string name) => name != Reserved && IsIdentifier(name);

    /// <summary>Tells whether a text is what containerd calls an identifier.</summary>
    public static bool IsIdentifier(string name)
    {
        if (name.Length is 0 or > MaxLength)
        {
            return false;
        }

        bool separated = true;
        foreach (char c in name)
        {
            bool isSeparator = c is '.' or '_' or '-';
            if (isSeparator ? separated : !char.IsAsciiLetterOrDigit(c))
            {
                return false;
            }

            separated = isSeparator;
        }

        return !separated;
    }
}
