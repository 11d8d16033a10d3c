namespace OciImage.Engines;

/// <summary>The labels of content by which containerd's garbage collector and its clients know what belongs together.</summary>
internal static class ContentLabels
{
    /// <summary>The label with a layer's DiffID.</summary>
    public const string Uncompressed = "containerd.io/uncompressed";

    /// <summary>What the labels start with by which a subject keeps what refers to it.</summary>
    public const string ReferrerPrefix = ReferencePrefix + "referrer.";

    private const string ReferencePrefix = "containerd.io/gc.ref.content.";
    private const string SourcePrefix = "containerd.io/distribution.source.";

    // containerd refuses a label whose key and value are longer.
    private const int MaxLength = 4096;

    /// <summary>Returns the labels by which a manifest or an index keeps what it refers to; other content refers to nothing.</summary>
    /// <exception cref="DocumentFormatException">The document is malformed, so that what it needs would be collected.</exception>
    public static Dictionary<string, string> OfDocument(
        Descriptor descriptor, ReadOnlyMemory<byte> bytes, DocumentOptions options, out Descriptor? subject)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        if (MediaTypes.IsIndex(descriptor.MediaType))
        {
            ImageIndex index = OciDocument<ImageIndex>.Parse(bytes, descriptor.MediaType, options).Value;
            AddNumbered(labels, "m.", index.Manifests);
            subject = index.Subject;
        }
        else
        {
            ImageManifest manifest = OciDocument<ImageManifest>.Parse(bytes, descriptor.MediaType, options).Value;
            labels[ReferencePrefix + "config"] = manifest.Config.Digest.ToString();
            AddNumbered(labels, "l.", manifest.Layers);
            subject = manifest.Subject;
        }

        return labels;
    }

    /// <summary>Returns the label by which a subject keeps a referrer.</summary>
    public static string OfReferrer(Digest referrer) => $"{ReferrerPrefix}{referrer.Encoded[..Math.Min(12, referrer.Encoded.Length)]}";

    /// <summary>Adds the label that says in which repository the content is, beside those that are known already.</summary>
    public static void AddOrigin(Dictionary<string, string> changes, ImageReference? origin, IReadOnlyDictionary<string, string>? known)
    {
        if (origin is null)
        {
            return;
        }

        int port = origin.Registry.LastIndexOf(':');
        bool hasPort = port > 0 && !origin.Registry.EndsWith(']');
        string key = SourcePrefix + (hasPort ? origin.Registry[..port] : origin.Registry);
        string[] repositories = (known?.GetValueOrDefault(key) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);
        if (repositories.Contains(origin.Repository))
        {
            return;
        }

        string value = string.Join(',', repositories.Append(origin.Repository).Order(StringComparer.Ordinal));
        if (key.Length + value.Length <= MaxLength)
        {
            changes[key] = value;
        }
    }

    /// <exception cref="ArgumentException">containerd takes no such label.</exception>
    public static void Check(string key, string? value)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (key.Length + (value?.Length ?? 0) > MaxLength)
        {
            throw new ArgumentException($"The label '{EngineText.Of(key)}' and its value have more than {MaxLength} characters.");
        }
    }

    private static void AddNumbered(Dictionary<string, string> labels, string kind, IReadOnlyList<Descriptor> children)
    {
        for (int i = 0; i < children.Count; i++)
        {
            labels[string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{ReferencePrefix}{kind}{i}")] =
                children[i].Digest.ToString();
        }
    }
}
