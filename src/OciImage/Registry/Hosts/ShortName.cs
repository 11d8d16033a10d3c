namespace OciImage.Registry.Hosts;

/// <summary>Tells short names, which name no registry, from full ones.</summary>
internal static class ShortName
{
    /// <summary>Tells whether a reference names no registry.</summary>
    public static bool IsShort(ReadOnlySpan<char> reference)
    {
        int end = reference.IndexOf('@');
        ReadOnlySpan<char> name = end < 0 ? reference : reference[..end];
        int slash = name.IndexOf('/');

        return slash <= 0 || !ReferenceGrammar.LooksLikeRegistry(name[..slash]);
    }

    /// <summary>Cuts a short name into its repository and the tag and digest that follow, which may be none.</summary>
    public static (string Repository, string Suffix) Split(string reference)
    {
        int at = reference.IndexOf('@', StringComparison.Ordinal);
        ReadOnlySpan<char> name = at < 0 ? reference : reference.AsSpan(0, at);
        int colon = name.LastIndexOf(':');
        int length = colon > name.LastIndexOf('/') ? colon : name.Length;

        return (reference[..length], reference[length..]);
    }
}
