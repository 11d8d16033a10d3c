using System.Buffers;

namespace OciImage.Content;

/// <summary>Knows which keys an ingest may have.</summary>
internal static class IngestKey
{
    private const int MaxLength = 255;

    private static readonly SearchValues<char> Characters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    public static void Check(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (key.Length > MaxLength || key.AsSpan().ContainsAnyExcept(Characters))
        {
            throw new ArgumentException(
                $"'{Excerpt.Of(key)}' is no key of an ingest: 1 to {MaxLength} characters of [A-Za-z0-9._-].", nameof(key));
        }
    }
}
