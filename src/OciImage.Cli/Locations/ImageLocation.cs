namespace OciImage.Cli.Locations;

/// <summary>A place where an image is or shall be, as written on the command line.</summary>
internal abstract record ImageLocation
{
    private const string LayoutPrefix = "oci:";

    // What is no layout's directory where a directory is wanted; a directory may well be called 'dir' or 'containerd'.
    private static readonly string[] OtherPlaces =
        ["docker://", ArchiveLocation.OciPrefix, ArchiveLocation.DockerPrefix, "docker-daemon:"];

    // What no prefix claims is the name of an image in a registry.
    private static readonly (string Prefix, Func<string, bool, ImageLocation> Parse)[] Transports =
    [
        (LayoutPrefix, LayoutLocation.ParsePath),
        ("docker://", (text, _) => RegistryLocation.ParseReference(text, isDockers: true)),
        (ArchiveLocation.OciPrefix, (text, _) => ArchiveLocation.ParseArchive(text, isDockers: false)),
        (ArchiveLocation.DockerPrefix, (text, _) => ArchiveLocation.ParseArchive(text, isDockers: true)),
        (DockerDaemonLocation.Prefix, (text, _) => DockerDaemonLocation.Parse(text)),
        (ContainerdLocation.Prefix, (text, _) => ContainerdLocation.Parse(text)),
        ("containers-storage:", (_, _) => throw Unsupported("containers-storage:")),
        ("dir:", (_, _) => throw Unsupported("dir:")),
    ];

    /// <summary>Gets the tag that was written, or <see langword="null"/>.</summary>
    public abstract string? Tag { get; }

    /// <summary>Gets the digest that was written, or <see langword="null"/>.</summary>
    public abstract Digest? Digest { get; }

    /// <summary>Returns the place without the tag and digest of one image.</summary>
    public abstract string ToPlaceText();

    /// <summary>Opens the place for reading and finds the image that it names.</summary>
    /// <param name="access">How it is opened.</param>
    /// <param name="jobs">How many requests shall be possible at once; 0 for what is usual.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    public abstract Task<OpenedImage> OpenImageAsync(PlaceAccess access, int jobs, CancellationToken cancellationToken);

    /// <summary>Opens the place for writing, or for questions that need no image to be there.</summary>
    /// <param name="access">How it is opened.</param>
    /// <param name="create">Whether to make what is not there.</param>
    /// <param name="jobs">How many requests shall be possible at once; 0 for what is usual.</param>
    /// <param name="origin">The image that is copied, or <see langword="null"/>.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    public abstract Task<OpenedStore> OpenStoreAsync(
        PlaceAccess access, bool create, int jobs, OpenedImage? origin, CancellationToken cancellationToken);

    /// <summary>Returns the place of an image that was just put there.</summary>
    public virtual string Describe(string? tag, Digest digest) => ToPlaceText() + (tag is null ? $"@{digest}" : $":{tag}");

    /// <summary>Parses <c>HOST/REPO[:TAG][@DIGEST]</c>, with or without <c>docker://</c>, or <c>oci:DIR[:TAG][@DIGEST]</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="isNamespaced">Whether a namespace was named, so that names in a layout may be whole references.</param>
    /// <exception cref="UsageException">The text is no location, or one that is not supported.</exception>
    public static ImageLocation Parse(string text, bool isNamespaced = false) =>
        Parse(text, isNamespaced, looksUpShortNames: true);

    /// <summary>Parses a place that is written to: a short name is Docker's, whatever this machine's files say.</summary>
    /// <exception cref="UsageException">The text is no location, or one that is not supported.</exception>
    public static ImageLocation ParseDestination(string text, bool isNamespaced = false) =>
        Parse(text, isNamespaced, looksUpShortNames: false);

    /// <summary>Parses a layout's directory, with or without <c>oci:</c> before it, as <c>pull</c> and <c>push</c> take it.</summary>
    /// <exception cref="UsageException">The text is no path, or is another place.</exception>
    public static LayoutLocation ParseLayout(string text, bool isNamespaced = false)
    {
        // A directory may have such a name; './' in front of it says so as well.
        if (OtherPlaces.FirstOrDefault(prefix => text.StartsWith(prefix, StringComparison.Ordinal)) is { } other &&
            !Directory.Exists(other[..other.IndexOf(':', StringComparison.Ordinal)]))
        {
            throw new UsageException($"Only a layout can stand here, written DIR[:TAG], but '{text}' is none. Use 'ocimg copy' for other places.");
        }

        return LayoutLocation.ParsePath(
            text.StartsWith(LayoutPrefix, StringComparison.Ordinal) ? text[LayoutPrefix.Length..] : text, isNamespaced);
    }

    private static ImageLocation Parse(string text, bool isNamespaced, bool looksUpShortNames)
    {
        foreach ((string prefix, Func<string, bool, ImageLocation> parse) in Transports)
        {
            if (text.StartsWith(prefix, StringComparison.Ordinal))
            {
                return parse(text[prefix.Length..], isNamespaced);
            }
        }

        return RegistryLocation.ParseReference(text, isDockers: !looksUpShortNames);
    }

    private static UsageException Unsupported(string prefix) =>
        new($"'{prefix}' is not supported yet. Use 'oci:DIR[:TAG]' or 'HOST/REPO[:TAG]'.");
}
