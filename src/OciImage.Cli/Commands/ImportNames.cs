using OciImage.Cli.Locations;

namespace OciImage.Cli.Commands;

/// <summary>Chooses what imported images are called in a layout.</summary>
internal static class ImportNames
{
    /// <summary>Returns a name for each root, or <see langword="null"/> for what the archive gives none.</summary>
    /// <remarks>
    /// Whole names as containerd's where a namespace was named or two images have one tag; otherwise tags, as layouts have.
    /// </remarks>
    /// <exception cref="UsageException">The base is not the name of a repository.</exception>
    public static IReadOnlyList<string?> Choose(IReadOnlyList<Descriptor> roots, string? baseName, bool isNamespaced)
    {
        if (baseName is not null && !ImageReference.TryParse(baseName + ":tag", out _))
        {
            throw new UsageException($"'--base-name' wants a repository, such as 'docker.io/library/alpine', not '{baseName}'.");
        }

        string?[] whole = [.. roots.Select(root => WholeName(root, baseName))];
        string?[] tags = [.. roots.Select((root, i) => OpenedArchiveImage.TagOf(root) ?? whole[i])];
        var shared = new HashSet<string>(
            roots.Select((root, i) => (Tag: tags[i], root.Digest))
                .Where(pair => pair.Tag is not null)
                .Distinct()
                .GroupBy(pair => pair.Tag!, StringComparer.Ordinal)
                .Where(group => group.Count() > 1)
                .Select(group => group.Key),
            StringComparer.Ordinal);

        return [.. roots.Select((_, i) => isNamespaced || (tags[i] is { } tag && shared.Contains(tag)) ? whole[i] ?? tags[i] : tags[i])];
    }

    // As 'ctr images import' does: containerd's name, else the base with the layout's name as its tag.
    private static string? WholeName(Descriptor root, string? baseName) =>
        root.Annotations.GetValueOrDefault(AnnotationKeys.ContainerdImageName) ??
        (root.Annotations.GetValueOrDefault(AnnotationKeys.RefName) is { } tag && baseName is not null &&
            ImageReference.TryParse($"{baseName}:{tag}", out ImageReference? name)
                ? name.ToString()
                : null);
}
