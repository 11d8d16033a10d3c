namespace OciImage.Engines;

/// <summary>Knows the grammar of containerd's namespaces.</summary>
internal static class NamespaceName
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
                $"'{EngineText.Of(name)}' is no namespace: letters and digits in parts that one of '.', '_' or '-' separates, " +
                $"at most {MaxLength} characters, and not '{Reserved}'.",
                nameof(name));
        }
    }

    private static bool IsValid(string name)
    {
        if (name.Length > MaxLength || name == Reserved)
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
