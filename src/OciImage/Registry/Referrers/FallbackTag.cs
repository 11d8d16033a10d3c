namespace OciImage.Registry.Referrers;

/// <summary>The tag that stands in for the referrers API where a registry has none (distribution-spec 1.1.1, "Referrers Tag Schema").</summary>
internal static class FallbackTag
{
    private const int MaxAlgorithm = 32;
    private const int MaxEncoded = 64;

    /// <summary>Returns the tag: the algorithm's first 32 characters and the digest's first 64, with '-' for what no tag may hold.</summary>
    public static string Of(Digest subject)
    {
        string tag = $"{subject.Algorithm[..Math.Min(MaxAlgorithm, subject.Algorithm.Length)]}-" +
            subject.Encoded[..Math.Min(MaxEncoded, subject.Encoded.Length)];
        return string.Concat(tag.Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' ? c : '-'));
    }
}
