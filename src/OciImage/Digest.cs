using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using OciImage.Json;

namespace OciImage;

/// <summary>Identifies content by the algorithm and the result of a cryptographic hash over its bytes.</summary>
/// <remarks>
/// The grammar is that of image-spec 1.1.1, descriptor.md, "Digests". A digest of a registered algorithm (sha256, sha512)
/// must have that algorithm's exact lower-case hexadecimal form. A digest of any other algorithm is parsed and carried,
/// as the specification asks, but <see cref="CanVerify"/> is <see langword="false"/> for it.
/// The default value is no digest: <see cref="IsEmpty"/> is <see langword="true"/> and its text is empty.
/// </remarks>
[JsonConverter(typeof(DigestJsonConverter))]
public readonly struct Digest : IEquatable<Digest>, ISpanParsable<Digest>, IComparable<Digest>
{
    /// <summary>The registered name of SHA-256, the algorithm that every implementation must support.</summary>
    public const string Sha256 = "sha256";

    /// <summary>The registered name of SHA-512.</summary>
    public const string Sha512 = "sha512";

    /// <summary>The greatest number of characters of a digest that is accepted.</summary>
    public const int MaxLength = 1024;

    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");
    private static readonly SearchValues<char> AlgorithmCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789");
    private static readonly SearchValues<char> EncodedCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=_-");

    private readonly string? _text;
    private readonly int _separator;

    private Digest(string text, int separator)
    {
        _text = text;
        _separator = separator;
    }

    /// <summary>Gets whether this is the default value, which names no content.</summary>
    public bool IsEmpty => _text is null;

    /// <summary>Gets the algorithm part, before the colon, such as <c>sha256</c>.</summary>
    public string Algorithm => _text is null ? "" : AlgorithmSpan switch
    {
        Sha256 => Sha256,
        Sha512 => Sha512,
        var other => other.ToString(),
    };

    /// <summary>Gets the encoded part, after the colon; 64 or 128 lower-case hexadecimal digits where registered.</summary>
    public string Encoded => _text is null ? "" : _text[(_separator + 1)..];

    /// <summary>Gets whether content can be verified against this digest: its algorithm is sha256 or sha512.</summary>
    public bool CanVerify => TryGetHashName(AlgorithmSpan, out _, out _);

    internal ReadOnlySpan<char> EncodedSpan => _text is null ? default : _text.AsSpan(_separator + 1);

    internal ReadOnlySpan<char> AlgorithmSpan => _text is null ? default : _text.AsSpan(0, _separator);

    /// <summary>Compares two digests for equality.</summary>
    public static bool operator ==(Digest left, Digest right) => left.Equals(right);

    /// <summary>Compares two digests for inequality.</summary>
    public static bool operator !=(Digest left, Digest right) => !left.Equals(right);

    /// <summary>Compares two digests in ordinal order of their text.</summary>
    public static bool operator <(Digest left, Digest right) => left.CompareTo(right) < 0;

    /// <summary>Compares two digests in ordinal order of their text.</summary>
    public static bool operator >(Digest left, Digest right) => left.CompareTo(right) > 0;

    /// <summary>Compares two digests in ordinal order of their text.</summary>
    public static bool operator <=(Digest left, Digest right) => left.CompareTo(right) <= 0;

    /// <summary>Compares two digests in ordinal order of their text.</summary>
    public static bool operator >=(Digest left, Digest right) => left.CompareTo(right) >= 0;

    /// <summary>Computes the digest of bytes.</summary>
    /// <param name="content">The bytes, which may be none.</param>
    /// <param name="algorithm">The registered algorithm to use.</param>
    /// <returns>The digest of <paramref name="content"/>.</returns>
    /// <exception cref="NotSupportedException">The algorithm is not one that can be computed here.</exception>
    public static Digest Compute(ReadOnlySpan<byte> content, string algorithm = Sha256)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        Span<byte> hash = stackalloc byte[64];
        int length = CryptographicOperations.HashData(GetHashName(algorithm), content, hash);

        return FromHash(algorithm, hash[..length]);
    }

    /// <summary>Makes a digest of a hash that was computed elsewhere.</summary>
    /// <param name="algorithm">The registered algorithm that gave the hash.</param>
    /// <param name="hash">The raw hash: 32 bytes for sha256, 64 bytes for sha512.</param>
    /// <returns>The digest.</returns>
    /// <exception cref="NotSupportedException">The algorithm is not one that can be computed here.</exception>
    /// <exception cref="ArgumentException">The hash has not the algorithm's length.</exception>
    public static Digest FromHash(string algorithm, ReadOnlySpan<byte> hash)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        if (!TryGetHashName(algorithm, out _, out int hexLength))
        {
            throw UnsupportedAlgorithm(algorithm);
        }

        if (hash.Length * 2 != hexLength)
        {
            throw new ArgumentException($"A {algorithm} hash has {hexLength / 2} bytes, not {hash.Length}.", nameof(hash));
        }

        return new Digest($"{algorithm}:{Convert.ToHexStringLower(hash)}", algorithm.Length);
    }

    /// <summary>Parses a digest such as <c>sha256:e3b0…</c>.</summary>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not used.</param>
    /// <returns>The digest.</returns>
    /// <exception cref="FormatException">The text is not a digest; the message says why.</exception>
    public static Digest Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return TryRead(s, out int separator, out string? fault)
            ? new Digest(s, separator)
            : throw Malformed(s, fault);
    }

    /// <summary>Parses a digest such as <c>sha256:e3b0…</c>.</summary>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not used.</param>
    /// <returns>The digest.</returns>
    /// <exception cref="FormatException">The text is not a digest; the message says why.</exception>
    public static Digest Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        TryRead(s, out int separator, out string? fault)
            ? new Digest(s.ToString(), separator)
            : throw Malformed(s, fault);

    /// <summary>Tries to parse a digest.</summary>
    /// <param name="s">The text, which may be <see langword="null"/>.</param>
    /// <param name="result">The digest, or the default value.</param>
    /// <returns><see langword="true"/> when the text is a digest.</returns>
    public static bool TryParse([NotNullWhen(true)] string? s, out Digest result) => TryParse(s, null, out result);

    /// <summary>Tries to parse a digest.</summary>
    /// <param name="s">The text, which may be <see langword="null"/>.</param>
    /// <param name="provider">Not used.</param>
    /// <param name="result">The digest, or the default value.</param>
    /// <returns><see langword="true"/> when the text is a digest.</returns>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Digest result)
    {
        bool parsed = TryRead(s, out int separator, out _);
        result = parsed ? new Digest(s!, separator) : default;

        return parsed;
    }

    /// <summary>Tries to parse a digest.</summary>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not used.</param>
    /// <param name="result">The digest, or the default value.</param>
    /// <returns><see langword="true"/> when the text is a digest.</returns>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out Digest result)
    {
        bool parsed = TryRead(s, out int separator, out _);
        result = parsed ? new Digest(s.ToString(), separator) : default;

        return parsed;
    }

    /// <inheritdoc/>
    public int CompareTo(Digest other) => string.CompareOrdinal(_text, other._text);

    /// <inheritdoc/>
    public bool Equals(Digest other) => string.Equals(_text, other._text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is Digest other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _text is null ? 0 : string.GetHashCode(_text, StringComparison.Ordinal);

    /// <summary>Returns the digest as written, or an empty text for the default value.</summary>
    /// <returns>The text <c>algorithm:encoded</c>.</returns>
    public override string ToString() => _text ?? "";

    internal static IncrementalHash CreateHash(string algorithm) => IncrementalHash.CreateHash(GetHashName(algorithm));

    internal static void RequireSupported(string algorithm) => GetHashName(algorithm);

    private static HashAlgorithmName GetHashName(string algorithm) =>
        TryGetHashName(algorithm, out HashAlgorithmName name, out _) ? name : throw UnsupportedAlgorithm(algorithm);

    private static bool TryGetHashName(ReadOnlySpan<char> algorithm, out HashAlgorithmName name, out int hexLength)
    {
        (name, hexLength) = algorithm switch
        {
            Sha256 => (HashAlgorithmName.SHA256, 64),
            Sha512 => (HashAlgorithmName.SHA512, 128),
            _ => (default, 0),
        };

        return hexLength != 0;
    }

    private static bool TryRead(ReadOnlySpan<char> text, out int separator, [NotNullWhen(false)] out string? fault)
    {
        separator = text.IndexOf(':');
        fault = null;
        if (text.Length > MaxLength)
        {
            fault = $"it has more than {MaxLength} characters";
        }
        else if (separator <= 0 || separator == text.Length - 1)
        {
            fault = "it has not the form 'algorithm:encoded'";
        }
        else if (!IsAlgorithm(text[..separator]))
        {
            fault = "its algorithm has a character that the grammar does not allow";
        }
        else
        {
            ReadOnlySpan<char> encoded = text[(separator + 1)..];
            if (encoded.ContainsAnyExcept(EncodedCharacters))
            {
                fault = "its encoded part has a character that the grammar does not allow";
            }
            else if (TryGetHashName(text[..separator], out _, out int hexLength) &&
                (encoded.Length != hexLength || encoded.ContainsAnyExcept(LowerHex)))
            {
                fault = $"a {text[..separator]} digest has {hexLength} lower-case hexadecimal digits";
            }
        }

        return fault is null;
    }

    // algorithm ::= component (separator component)*, separator ::= one of + . _ -
    private static bool IsAlgorithm(ReadOnlySpan<char> algorithm)
    {
        foreach (Range range in algorithm.SplitAny('+', '.', '_', '-'))
        {
            if (algorithm[range].IsEmpty || algorithm[range].ContainsAnyExcept(AlgorithmCharacters))
            {
                return false;
            }
        }

        return true;
    }

    private static FormatException Malformed(ReadOnlySpan<char> text, string fault) =>
        new($"'{Excerpt.Of(text)}' is not a digest: {fault}.");

    private static NotSupportedException UnsupportedAlgorithm(string algorithm) =>
        new($"The digest algorithm '{Excerpt.Of(algorithm)}' cannot be computed; sha256 and sha512 can.");
}
