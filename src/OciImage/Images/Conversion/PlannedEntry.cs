namespace OciImage.Images;

/// <summary>An entry of an index.</summary>
/// <param name="original">The entry at the source.</param>
/// <param name="document">What it points to; <see langword="null"/> where that is neither a manifest nor an index.</param>
internal sealed class PlannedEntry(Descriptor original, PlannedDocument? document)
{
    private const string AttestedDigest = "vnd.docker.reference.digest";

    public Descriptor Original { get; } = original;

    public PlannedDocument? Document { get; } = document;

    /// <summary>Gets or sets whether the new index does without it.</summary>
    public bool IsLeftOut { get; set; }

    /// <summary>Gets the image that BuildKit's attestation is about, or <see langword="null"/> where this is none.</summary>
    public Digest? Attested =>
        Original.Annotations.TryGetValue(AttestedDigest, out string? text) && Digest.TryParse(text, out Digest digest)
            ? digest
            : null;

    /// <summary>Returns an entry that is about another image, in the same place of the annotations.</summary>
    public static Descriptor About(Descriptor entry, Digest attested) => entry with
    {
        Annotations = entry.Annotations.ToDictionary(
            pair => pair.Key,
            pair => pair.Key == AttestedDigest ? attested.ToString() : pair.Value,
            StringComparer.Ordinal),
    };
}
