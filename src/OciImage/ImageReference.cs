using System.Diagnostics.CodeAnalysis;

namespace OciImage;

/// <summary>Names an image in a registry: registry, repository, and a tag, a digest or both.</summary>
/// <remarks>
/// The grammar is that of Docker's references. <see cref="Parse(string, IFormatProvider?)"/> applies Docker's defaults (<c>alpine</c> is
/// <c>docker.io/library/alpine:latest</c>); <see cref="ParseStrict"/> wants the registry and a tag or digest spelled out.
/// Where a digest is given it decides, and the tag is only a remark.
/// </remarks>
public sealed record ImageReference : ISpanParsable<ImageReference>
{
    /// <summary>Gets the registry as a user writes it: a host with an optional port, such as <c>docker.io</c> or <c>localhost:5000</c>.</summary>
    public required string Registry { get; init; }

    /// <summary>Gets the repository, such as <c>library/alpine</c>.</summary>
    public required string Repository { get; init; }

    /// <summary>Gets the tag, or <see langword="null"/>.</summary>
    public string? Tag { get; init; }

    /// <summary>Gets the digest, or <see langword="null"/>.</summary>
    public Digest? Digest { get; init; }

    /// <summary>Gets what a registry is asked for: the digest where there is one, else the tag.</summary>
    /// <exception cref="InvalidOperationException">The reference has neither a tag nor a digest.</exception>
    public string Reference => Digest?.ToString() ?? Tag ??
        throw new InvalidOperationException($"'{this}' has neither a tag nor a digest.");

    /// <summary>Parses a reference with Docker's defaults.</summary>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not used.</param>
    /// <returns>The reference.</returns>
    /// <exception cref="FormatException">The text is not a reference; the message says why.</exception>
    public static ImageReference Parse(string s, IFormatProvider? provider = null) => throw new NotImplementedException();

    /// <inheritdoc cref="Parse(string, IFormatProvider?)"/>
    public static ImageReference Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        throw new NotImplementedException();

    /// <summary>Parses a reference that spells out its registry and a tag or digest.</summary>
    /// <param name="s">The text.</param>
    /// <returns>The reference.</returns>
    /// <exception cref="FormatException">The text is not such a reference; the message says why.</exception>
    public static ImageReference ParseStrict(string s) => throw new NotImplementedException();

    /// <summary>Tries to parse a reference with Docker's defaults.</summary>
    /// <param name="s">The text, which may be <see langword="null"/>.</param>
    /// <param name="result">The reference, or <see langword="null"/>.</param>
    /// <returns><see langword="true"/> when the text is a reference.</returns>
    public static bool TryParse([NotNullWhen(true)] string? s, [NotNullWhen(true)] out ImageReference? result) =>
        TryParse(s, null, out result);

    /// <inheritdoc/>
    public static bool TryParse(
        [NotNullWhen(true)] string? s, IFormatProvider? provider, [NotNullWhen(true)] out ImageReference? result) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public static bool TryParse(
        ReadOnlySpan<char> s, IFormatProvider? provider, [NotNullWhen(true)] out ImageReference? result) =>
        throw new NotImplementedException();

    /// <summary>Returns the full form: <c>registry/repository[:tag][@digest]</c>.</summary>
    /// <returns>The text, which parses to an equal reference.</returns>
    public override string ToString() =>
        $"{Registry}/{Repository}{(Tag is null ? "" : ":" + Tag)}{(Digest is null ? "" : "@" + Digest)}";
}
