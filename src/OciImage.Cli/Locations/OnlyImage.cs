using OciImage.Content;

namespace OciImage.Cli.Locations;

/// <summary>Finds the image that is meant where a place with several roots is named without a tag or digest.</summary>
internal static class OnlyImage
{
    // Beyond that a user names the image.
    private const int MaxRootsToCompare = 256;

    /// <summary>Returns the only root that is an image, as the place lists it.</summary>
    /// <exception cref="ContentNotFoundException">There is none.</exception>
    /// <exception cref="UsageException">There are several.</exception>
    public static async Task<Descriptor> FindAsync(
        IReferrerSource source, IReadOnlyList<Descriptor> entries, string place, CancellationToken cancellationToken)
    {
        IReadOnlyList<Descriptor> roots = await WithoutReferrersAsync(source, entries, cancellationToken);
        if (roots.Count == 0)
        {
            throw new ContentNotFoundException($"'{place}' has no image.");
        }

        return roots.DistinctBy(root => root.Digest).Count() == 1
            ? roots[0]
            : throw new UsageException(
                $"'{place}' has {roots.Count} images. Say which: '{place}:TAG' or '@DIGEST'; 'ocimg tags {place}' lists the tags.");
    }

    // A layout lists signatures and the like beside the image that they refer to; nobody means them where there is an image.
    private static async Task<IReadOnlyList<Descriptor>> WithoutReferrersAsync(
        IReferrerSource source, IReadOnlyList<Descriptor> roots, CancellationToken cancellationToken)
    {
        if (roots.Count is < 2 or > MaxRootsToCompare)
        {
            return roots;
        }

        var referrers = new HashSet<Digest>();
        foreach (Descriptor root in roots)
        {
            await foreach (Descriptor referrer in source.ListReferrersAsync(root, cancellationToken: cancellationToken))
            {
                referrers.Add(referrer.Digest);
            }
        }

        Descriptor[] others = [.. roots.Where(root => IsTagged(root) || !referrers.Contains(root.Digest))];
        return others.Length == 0 ? roots : others;
    }

    private static bool IsTagged(Descriptor root) => root.Annotations.ContainsKey(AnnotationKeys.RefName);
}
