namespace OciImage.Server.Routing;

/// <summary>Knows which names repositories and tags may have. The grammar is that of references.</summary>
internal static class NameRules
{
    private const string AnyRegistry = "registry.invalid/";

    public static bool IsRepository(string name) =>
        ImageReference.TryParse(AnyRegistry + name, out ImageReference? reference) && reference.Repository == name;

    public static bool IsTag(string tag) =>
        ImageReference.TryParse($"{AnyRegistry}a:{tag}", out ImageReference? reference) &&
        reference is { Digest: null } && reference.Tag == tag;
}
