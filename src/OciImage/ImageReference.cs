using System.Diagnostics.CodeAnalysis;

namespace OciImage;

/// <summary>Names an image in a registry: registry, repository, and a tag, a digest or both.</summary>
/// <remarks>
/// The grammar is that of Docker's references. <see cref="Parse(string, IFormatProvider?)"/> applies Docker's defaults:
/// <c>alpine</c> is <c>docker.io/library/alpine:latest</c>. <see cref="ParseStrict"/> wants the registry and a tag or a
/// digest spelled out. Where there is a digest it decides, and the tag is only a remark.
/// </remarks>
public sealed record ImageReference : ISpanParsable<ImageReference>
{
    /// <summary>The registry that is meant where none is named.</summary>
    public const string DefaultRegistry = "docker.io";

    /// <summary>The tag that is meant where neither tag nor digest is named.</summary>
    public const string DefaultTag = "latest";

    private const string LegacyDefaultRegistry = "index.docker.io";
    private const string OfficialPrefix = "library/";

    /// <summary>Gets the registry as a user writes it: a host with an optional port, such as <c>localhost:5000</c>.</summary>
    /// <exception cref="ArgumentException">The value is not a host with an optional port.</exception>
    public required string Registry
    {
        get;
        init => field = !ReferenceGrammar.IsRegistry(value) ? throw Malformed(value, "registry")
            : value == LegacyDefaultRegistry ? DefaultRegistry
            : value;
    }

    /// <summary>Gets the repository, such as <c>library/alpine</c>.</summary>
    /// <exception cref="ArgumentException">The value is not the name of a repository.</exception>
    public required string Repository
    {
        get;
        init => field = ReferenceGrammar.IsRepository(value) ? value : throw Malformed(value, "repository");
    }

    /// <summary>Gets the tag, or <see langword="null"/>.</summary>
    /// <exception cref="ArgumentException">The value is not a tag.</exception>
    public string? Tag
    {
        get;
        init => field = value is null || ReferenceGrammar.IsTag(value) ? value : throw Malformed(value, "tag");
    }

    /// <summary>Gets the digest, or <see langword="null"/>.</summary>
    /// <exception cref="ArgumentException">The value is the default value, which names no content.</exception>
    public Digest? Digest
    {
        get;
        init => field = value is { IsEmpty: true }
            ? throw new ArgumentException("The default value of a digest names no content.", nameof(value))
            : value;
    }

    /// <summary>Gets what a registry is asked for: the digest where there is one, else the tag.</summary>
    /// <exception cref="InvalidOperationException">The reference has neither a tag nor a digest.</exception>
    public string Reference => Digest?.ToString() ?? Tag ??
        throw new InvalidOperationException($"'{this}' has neither a tag nor a digest.");

    /// <summary>Parses a reference with Docker's defaults.</summary>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not used.</param>
    /// <returns>The reference.</returns>
    /// <exception cref="FormatException">The text is not a reference; the message says why.</exception>
    public static ImageReference Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s.AsSpan(), provider);
    }

    /// <summary>Parses a reference with Docker's defaults.</summary>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not used.</param>
    /// <returns>The reference.</returns>
    /// <exception cref="FormatException">The text is not a reference; the message says why.</exception>
    public static ImageReference Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        Read(s, strict: false, out string? fault) ?? throw NotAReference(s, fault);

    /// <summary>Parses a reference that spells out its registry and a tag or a digest.</summary>
    /// <param name="s">The text.</param>
    /// <returns>The reference.</returns>
    /// <exception cref="FormatException">The text is not such a reference; the message says why.</exception>
    public static ImageReference ParseStrict(string s)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Read(s, strict: true, out string? fault) ?? throw NotAReference(s, fault);
    }

    /// <summary>Tries to parse a reference with Docker's defaults.</summary>
    /// <param name="s">The text, which may be <see langword="null"/>.</param>
    /// <param name="result">The reference, or <see langword="null"/>.</param>
    /// <returns><see langword="true"/> when the text is a reference.</returns>
    public static bool TryParse([NotNullWhen(true)] string? s, [NotNullWhen(true)] out ImageReference? result) =>
        TryParse(s, null, out result);

    /// <summary>Tries to parse a reference with Docker's defaults.</summary>
    /// <param name="s">The text, which may be <see langword="null"/>.</param>
    /// <param name="provider">Not used.</param>
    /// <param name="result">The reference, or <see langword="null"/>.</param>
    /// <returns><see langword="true"/> when the text is a reference.</returns>
    public static bool TryParse(
        [NotNullWhen(true)] string? s, IFormatProvider? provider, [NotNullWhen(true)] out ImageReference? result) =>
        TryParse(s.AsSpan(), provider, out result);

    /// <summary>Tries to parse a reference with Docker's defaults.</summary>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not used.</param>
    /// <param name="result">The reference, or <see langword="null"/>.</param>
    /// <returns><see langword="true"/> when the text is a reference.</returns>
    public static bool TryParse(
        ReadOnlySpan<char> s, IFormatProvider? provider, [NotNullWhen(true)] out ImageReference? result)
    {
        result = Read(s, strict: false, out _);
        return result is not null;
    }

    /// <summary>Returns the full form: <c>registry/repository[:tag][@digest]</c>.</summary>
    /// <returns>The text, which <see cref="ParseStrict"/> reads as an equal reference where there is a tag or a digest.</returns>
    public override string ToString() =>
        $"{Registry}/{Repository}{(Tag is null ? "" : ":" + Tag)}{(Digest is null ? "" : "@" + Digest)}";

    private static ImageReference? Read(ReadOnlySpan<char> text, bool strict, out string? fault)
    {
        ReadOnlySpan<char> name = text;
        Digest? digest = null;
        string? tag = null;
        int at = name.IndexOf('@');
        if (at >= 0)
        {
            if (!OciImage.Digest.TryParse(name[(at + 1)..], null, out Digest parsed))
            {
                fault = "what follows '@' is not a digest";
                return null;
            }

            digest = parsed;
            name = name[..at];
        }

        int colon = name.LastIndexOf(':');
        if (colon > name.LastIndexOf('/'))
        {
            if (!ReferenceGrammar.IsTag(name[(colon + 1)..]))
            {
                fault = "what follows ':' is not a tag: 1 to 128 characters of [A-Za-z0-9_.-], not starting with '.' or '-'";
                return null;
            }

            tag = name[(colon + 1)..].ToString();
            name = name[..colon];
        }

        return Assemble(name, tag, digest, strict, out fault);
    }

    private static ImageReference? Assemble(
        ReadOnlySpan<char> name, string? tag, Digest? digest, bool strict, out string? fault)
    {
        int slash = name.IndexOf('/');
        bool named = slash > 0 && (strict || ReferenceGrammar.LooksLikeRegistry(name[..slash]));
        string registry = named ? name[..slash].ToString() : DefaultRegistry;
        ReadOnlySpan<char> repository = named ? name[(slash + 1)..] : name;
        fault = null;
        if (strict && !named)
        {
            fault = "it does not name a registry";
        }
        else if (!ReferenceGrammar.IsRegistry(registry))
        {
            fault = $"'{Excerpt.Of(registry)}' is not a registry: a host with an optional port";
        }
        else if (!named && tag is null && digest is null && ReferenceGrammar.IsIdentifier(name))
        {
            fault = "64 hexadecimal digits are an identifier, not the name of a repository";
        }
        else if (repository.ContainsAnyInRange('A', 'Z'))
        {
            fault = "the name of a repository is lower-case";
        }
        else if (!ReferenceGrammar.IsRepository(repository))
        {
            fault = $"'{Excerpt.Of(repository)}' is not the name of a repository";
        }
        else if (strict && tag is null && digest is null)
        {
            fault = "it has neither a tag nor a digest";
        }

        if (fault is not null)
        {
            return null;
        }

        bool official = !strict && registry is DefaultRegistry or LegacyDefaultRegistry && !repository.Contains('/');
        string path = official ? string.Concat(OfficialPrefix, repository) : repository.ToString();
        if (path.Length > ReferenceGrammar.MaxRepositoryLength)
        {
            fault = $"the name of a repository has at most {ReferenceGrammar.MaxRepositoryLength} characters";
            return null;
        }

        return new ImageReference
        {
            Registry = registry,
            Repository = path,
            Tag = tag ?? (digest is null ? DefaultTag : null),
            Digest = digest,
        };
    }

    private static FormatException NotAReference(ReadOnlySpan<char> text, string? fault) =>
        new($"'{Excerpt.Of(text)}' is not an image reference: {fault}.");

    private static ArgumentException Malformed(string value, string part) =>
        new($"'{Excerpt.Of(value)}' is not a {part}.", nameof(value));
}
