using System.Buffers;

namespace OciImage.Engines;

/// <summary>Knows which keys an ingest may have: those of every store.</summary>
internal static class IngestKeys
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
                $"'{EngineText.Of(key)}' is no key of an ingest: 1 to {MaxLength} characters of [A-Za-z0-9._-].", nameof(key));
        }
    }
}
