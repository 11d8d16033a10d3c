namespace OciImage.Layout;

/// <summary>The names of one entry of an archive: containerd's whole name, and the one of OCI layouts, which often is a tag.</summary>
internal readonly record struct ArchiveName(string? Full, string? RefName)
{
    private const int MaxLength = 1024;

    /// <summary>Gets the name that is listed.</summary>
    public string? Shown => Full ?? RefName;

    /// <summary>Gets the tag: what stands after the whole name's last colon, or the name of the layout.</summary>
    public string? Tag => Full is not null && ImageReference.TryParse(Full, out ImageReference? name) ? name.Tag : RefName;

    /// <summary>Reads the names of an entry.</summary>
    /// <exception cref="DocumentFormatException">A name is too long or has control characters.</exception>
    public static ArchiveName Of(Descriptor entry) => new(
        Check(entry.Annotations.GetValueOrDefault(AnnotationKeys.ContainerdImageName)),
        Check(entry.Annotations.GetValueOrDefault(AnnotationKeys.RefName)));

    /// <summary>Reads a name as it is given for tagging: whole, or only a tag, to which the repository is added where one is known.</summary>
    public static ArchiveName Parse(string reference, string? repository)
    {
        bool isTag = ReferenceGrammar.IsTag(reference);
        string whole = isTag && repository is not null ? $"{repository}:{reference}" : reference;
        return (!isTag || repository is not null) && ImageReference.TryParse(whole, out ImageReference? name) && name.Tag is { } tag
            ? new ArchiveName($"{name.Registry}/{name.Repository}:{tag}", tag)
            : new ArchiveName(null, reference);
    }

    /// <summary>Reads a name as Docker writes it: with its defaults where it is one of an image, else as it is.</summary>
    public static ArchiveName OfRepoTag(string repoTag) =>
        ImageReference.TryParse(repoTag, out ImageReference? name) && name.Tag is { } tag && name.Digest is null
            ? new ArchiveName(name.ToString(), tag)
            : new ArchiveName(null, repoTag);

    /// <summary>Returns the entry without its names, as it would be anywhere else.</summary>
    public static Descriptor Strip(Descriptor entry) => entry.Annotations.Count == 0 ? entry : entry with
    {
        Annotations = entry.Annotations
            .Where(annotation => annotation.Key is not (AnnotationKeys.ContainerdImageName or AnnotationKeys.RefName))
            .ToDictionary(StringComparer.Ordinal),
    };

    /// <summary>Returns the entry with these names instead of its own.</summary>
    public Descriptor AddTo(Descriptor entry)
    {
        var annotations = new Dictionary<string, string>(Strip(entry).Annotations, StringComparer.Ordinal);
        if (Full is not null)
        {
            annotations[AnnotationKeys.ContainerdImageName] = Full;
        }

        if (RefName is not null)
        {
            annotations[AnnotationKeys.RefName] = RefName;
        }

        return entry with { Annotations = annotations };
    }

    public static bool IsValid(string name) =>
        name.Length is > 0 and <= MaxLength && !name.Any(c => char.IsControl(c) || char.IsSurrogate(c));

    // An empty name is none.
    private static string? Check(string? name) => string.IsNullOrEmpty(name) ? null : IsValid(name)
        ? name
        : throw new DocumentFormatException(
            $"The name '{Excerpt.Of(name)}' has {name.Length} characters; a name has at most {MaxLength}, none a control character.");
}
