using System.Buffers;

namespace OciImage;

/// <summary>Reads platforms and knows their aliases; the rules are containerd's.</summary>
internal static class PlatformText
{
    private const int MaxLength = 256;

    private static readonly SearchValues<char> Characters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

    public static Platform? Read(ReadOnlySpan<char> text)
    {
        if (text.Length > MaxLength)
        {
            return null;
        }

        string[] parts = text.ToString().Split('/');
        if (parts.Length is not (2 or 3))
        {
            return null;
        }

        string os = parts[0];
        string? version = null;
        string[] features = [];
        int open = os.IndexOf('(');
        if (open >= 0)
        {
            if (!os.EndsWith(')'))
            {
                return null;
            }

            features = os[(open + 1)..^1].Split('+');
            version = features[0].Length == 0 ? null : features[0];
            features = features[1..];
            os = os[..open];
        }

        string[] words = [os, .. parts[1..], .. features];
        if (words.Any(word => word.Length == 0 || word.AsSpan().ContainsAnyExcept(Characters)) ||
            version?.AsSpan().ContainsAnyExcept(Characters) == true)
        {
            return null;
        }

        return new Platform
        {
            Os = os,
            Architecture = parts[1],
            Variant = parts.Length == 3 ? parts[2] : null,
            OsVersion = version,
            OsFeatures = features,
        }.Normalize();
    }

    public static string NormalizeOs(string os) => os.ToLowerInvariant() switch
    {
        "macos" => "darwin",
        var other => other,
    };

    public static (string Architecture, string? Variant) Normalize(string architecture, string? variant)
    {
        string? lower = string.IsNullOrEmpty(variant) ? null : variant.ToLowerInvariant();
        return architecture.ToLowerInvariant() switch
        {
            "i386" => ("386", null),
            "x86_64" or "x86-64" or "amd64" => ("amd64", lower == "v1" ? null : lower),
            "aarch64" or "arm64" => ("arm64", lower switch
            {
                "8" or "v8" or "8.0" or "v8.0" => null,
                "9" or "9.0" or "v9.0" => "v9",
                _ => lower,
            }),
            "armhf" => ("arm", "v7"),
            "armel" => ("arm", "v6"),
            "arm" => ("arm", lower switch
            {
                null or "7" => "v7",
                "5" or "6" or "8" => "v" + lower,
                _ => lower,
            }),
            var other => (other, lower),
        };
    }
}
