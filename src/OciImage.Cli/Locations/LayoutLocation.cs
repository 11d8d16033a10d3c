using OciImage.Layout;

namespace OciImage.Cli.Locations;

/// <summary>An image in an OCI layout directory.</summary>
internal sealed record LayoutLocation(string Directory, string? LayoutTag, Digest? LayoutDigest) : ImageLocation
{
    private const int MaxTagLength = 128;

    public override string? Tag => LayoutTag;

    public override Digest? Digest => LayoutDigest;

    /// <summary>Gets whether a namespace was named, so that the name may be a whole reference.</summary>
    public bool IsNamespaced { get; init; }

    // DIR may hold colons: only what follows the last one, and is a tag, is taken for a tag. 'DIR:' is a DIR without one.
    // With a namespace the name may hold colons itself: DIR ends at the last '/:', or else at the first colon.
    public static LayoutLocation ParsePath(string path, bool isNamespaced = false)
    {
        Digest? digest = null;
        int at = path.LastIndexOf('@');
        // 'me@home:v1' has the form of a digest, but not the algorithm of one.
        if (at >= 0 && OciImage.Digest.TryParse(path[(at + 1)..], out Digest parsed) && parsed.CanVerify)
        {
            digest = parsed;
            path = path[..at];
        }

        string? tag = null;
        if (isNamespaced ? HasName(path, out int colon) : EndsLikeATag(path, out colon))
        {
            tag = colon == path.Length - 1 ? null : path[(colon + 1)..];
            path = path[..colon];
        }

        return path.Length == 0 || path.Contains('\0', StringComparison.Ordinal)
            ? throw new UsageException("An OCI layout is written 'oci:DIR[:TAG]' or 'oci:DIR@DIGEST'; DIR is missing.")
            : new LayoutLocation(path, tag, digest) { IsNamespaced = isNamespaced };
    }

    public override string ToPlaceText() => $"oci:{Directory}";

    /// <summary>Returns the place in the form that parses to it.</summary>
    public override string ToString()
    {
        bool needsColon = IsNamespaced ? HasName(Directory, out _) : EndsLikeATag(Directory, out _);
        string slash = IsNamespaced && needsColon && !Directory.EndsWith('/') ? "/" : "";
        string tag = Tag is not null || needsColon ? ":" + Tag : "";

        return $"{ToPlaceText()}{slash}{tag}{(Digest is null ? "" : "@" + Digest)}";
    }

    public override async Task<OpenedImage> OpenImageAsync(
        PlaceAccess access, int jobs, CancellationToken cancellationToken)
    {
        RefuseFile();
        OciLayout layout = await OciLayout.OpenAsync(Directory, ReadOptions(access), cancellationToken);
        if ((Digest?.ToString() ?? Tag) is string reference)
        {
            return new OpenedImage(layout, await layout.ResolveAsync(reference, cancellationToken), Tag);
        }

        IReadOnlyList<Descriptor> roots = await OpenedLayout.ReadRootsAsync(layout, cancellationToken);
        Descriptor root = await OnlyImage.FindAsync(layout, roots, ToPlaceText(), cancellationToken);
        return new OpenedImage(
            layout, root.ToContentDescriptor(), root.Annotations.GetValueOrDefault(AnnotationKeys.RefName));
    }

    public override async Task<OpenedStore> OpenStoreAsync(
        PlaceAccess access, bool create, int jobs, OpenedImage? origin, CancellationToken cancellationToken)
    {
        RefuseFile();
        return create
            ? OpenedLayout.ForWriting(await OciLayout.OpenOrCreateAsync(Directory, ReadOptions(access), cancellationToken))
            : new OpenedLayout(await OciLayout.OpenAsync(Directory, ReadOptions(access), cancellationToken));
    }

    /// <summary>Tells a user who names an archive how that is written.</summary>
    /// <exception cref="UsageException">A file stands where the directory should be.</exception>
    public void RefuseFile()
    {
        if (File.Exists(Directory))
        {
            throw new UsageException(
                $"'{Directory}' is a file and no layout, which is a directory. With 'ocimg copy' an archive is " +
                $"'{ArchiveLocation.OciPrefix}{Directory}' or '{ArchiveLocation.DockerPrefix}{Directory}'; " +
                "'ocimg import' and 'ocimg export' take the file alone.");
        }
    }

    private static OciLayoutOptions ReadOptions(PlaceAccess access) =>
        new() { Namespace = access.Namespace ?? OciLayoutOptions.DefaultNamespace, Durability = access.Durability };

    private static bool HasName(string path, out int colon)
    {
        colon = path.LastIndexOf("/:", StringComparison.Ordinal);
        colon = colon >= 0 ? colon + 1 : path.IndexOf(':', StringComparison.Ordinal);

        return colon >= 0;
    }

    private static bool EndsLikeATag(string path, out int colon)
    {
        colon = path.LastIndexOf(':');

        return colon >= 0 && (colon == path.Length - 1 || IsTag(path.AsSpan(colon + 1)));
    }

    private static bool IsTag(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > MaxTagLength || !(char.IsAsciiLetterOrDigit(text[0]) || text[0] == '_'))
        {
            return false;
        }

        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-'))
            {
                return false;
            }
        }

        return true;
    }
}
