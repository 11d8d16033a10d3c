namespace OciImage.Cli.Locations;

/// <summary>A place where an image is or shall be, as written on the command line.</summary>
internal abstract record ImageLocation
{
    private const string DockerPrefix = "docker://";
    private const string LayoutPrefix = "oci:";

    private static readonly string[] UnsupportedPrefixes =
        ["oci-archive:", "docker-archive:", "docker-daemon:", "containers-storage:", "dir:"];

    /// <summary>Gets the tag that was written, or <see langword="null"/>.</summary>
    public abstract string? Tag { get; }

    /// <summary>Gets the digest that was written, or <see langword="null"/>.</summary>
    public abstract Digest? Digest { get; }

    /// <summary>Returns the place without the tag and digest of one image.</summary>
    public abstract string ToPlaceText();

    /// <summary>Returns the place of an image that was just put there.</summary>
    public string Describe(string? tag, Digest digest) => ToPlaceText() + (tag is null ? $"@{digest}" : $":{tag}");

    /// <summary>Parses <c>HOST/REPO[:TAG][@DIGEST]</c>, with or without <c>docker://</c>, or <c>oci:DIR[:TAG][@DIGEST]</c>.</summary>
    /// <exception cref="UsageException">The text is no location, or one that is not supported.</exception>
    public static ImageLocation Parse(string text) => Parse(text, looksUpShortNames: true);

    /// <summary>Parses a place that is written to: a short name is Docker's, whatever this machine's files say.</summary>
    /// <exception cref="UsageException">The text is no location, or one that is not supported.</exception>
    public static ImageLocation ParseDestination(string text) => Parse(text, looksUpShortNames: false);

    /// <summary>Parses a layout's directory, with or without <c>oci:</c> before it, as <c>pull</c> and <c>push</c> take it.</summary>
    /// <exception cref="UsageException">The text is no path.</exception>
    public static LayoutLocation ParseLayout(string text) => LayoutLocation.ParsePath(
        text.StartsWith(LayoutPrefix, StringComparison.Ordinal) ? text[LayoutPrefix.Length..] : text);

    private static ImageLocation Parse(string text, bool looksUpShortNames)
    {
        if (text.StartsWith(LayoutPrefix, StringComparison.Ordinal))
        {
            return LayoutLocation.ParsePath(text[LayoutPrefix.Length..]);
        }

        foreach (string prefix in UnsupportedPrefixes)
        {
            if (text.StartsWith(prefix, StringComparison.Ordinal))
            {
                throw new UsageException(
                    $"'{prefix}' is not supported yet. Use 'oci:DIR[:TAG]' or 'HOST/REPO[:TAG]'.");
            }
        }

        bool isDockers = text.StartsWith(DockerPrefix, StringComparison.Ordinal);
        return RegistryLocation.ParseReference(isDockers ? text[DockerPrefix.Length..] : text, isDockers || !looksUpShortNames);
    }
}
