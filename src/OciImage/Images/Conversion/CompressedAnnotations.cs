namespace OciImage.Images;

/// <summary>Knows the annotations that describe a layer's compressed bytes, and say nothing of other ones.</summary>
internal static class CompressedAnnotations
{
    // eStargz, zstd:chunked in both of its dialects, overlaybd and nydus (docs/convert.md).
    private static readonly string[] Prefixes =
    [
        "containerd.io/snapshot/stargz/",
        "io.containers.estargz.",
        "io.github.containers.zstd-chunked.",
        "io.containers.zstd-chunked.",
        "containerd.io/snapshot/overlaybd/",
        "containerd.io/snapshot/nydus-",
    ];

    public static bool IsOne(string key) => Prefixes.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Returns the annotations without those, in their order.</summary>
    public static IReadOnlyDictionary<string, string> Remove(IReadOnlyDictionary<string, string> annotations) =>
        annotations.Keys.Any(IsOne)
            ? annotations.Where(pair => !IsOne(pair.Key)).ToDictionary(StringComparer.Ordinal)
            : annotations;
}
