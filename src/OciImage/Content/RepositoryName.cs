namespace OciImage.Content;

/// <summary>Refuses what is not the name of a repository (distribution-spec 1.1.1, "Pulling manifests").</summary>
internal static class RepositoryName
{
    public static void Check(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!ReferenceGrammar.IsRepository(name))
        {
            throw new ArgumentException($"'{Excerpt.Of(name)}' is not the name of a repository.", nameof(name));
        }
    }
}
