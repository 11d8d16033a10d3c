namespace OciImage.Cli.Locations;

/// <summary>An image in a registry.</summary>
/// <param name="Name">The reference, with Docker's defaults where something was left out.</param>
/// <param name="HasTag">Whether the tag was written, rather than a default.</param>
internal sealed record RegistryLocation(ImageReference Name, bool HasTag) : ImageLocation
{
    public override string? Tag => HasTag ? Name.Tag : null;

    public override Digest? Digest => Name.Digest;

    public static RegistryLocation ParseReference(string text)
    {
        ImageReference name;
        try
        {
            name = ImageReference.Parse(text);
        }
        catch (FormatException exception)
        {
            throw new UsageException(exception.Message, exception);
        }

        int digest = text.IndexOf('@', StringComparison.Ordinal);
        string undigested = digest < 0 ? text : text[..digest];
        bool hasTag = undigested.IndexOf(':', undigested.LastIndexOf('/') + 1) >= 0;

        return new RegistryLocation(name, hasTag);
    }

    public override string ToPlaceText() => $"{Name.Registry}/{Name.Repository}";

    /// <summary>Returns the place as written, with its defaults: a default tag is shown where nothing else was said.</summary>
    public override string ToString() => Name.ToString();
}
