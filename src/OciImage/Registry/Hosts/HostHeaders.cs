using System.Buffers;

namespace OciImage.Registry.Hosts;

/// <summary>Knows which header fields configuration may add to requests.</summary>
internal static class HostHeaders
{
    public const int MaxCount = 64;

    private const int MaxNameLength = 256;
    private const int MaxValueLength = 8 * 1024;

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    // What frames a message, ends at the next hop, or decides which bytes come back: the client's own business.
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "Connection", "Keep-Alive", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Expect", "Proxy-Authorization",
        "Proxy-Connection", "Accept-Encoding", "Range", "If-Range", "Allow", "Expires", "Last-Modified",
    };

    /// <summary>Says why a field cannot be added, without a quote of its value; <see langword="null"/> where it can.</summary>
    public static string? FaultOf(string name, string value) =>
        name.Length is 0 or > MaxNameLength || name.AsSpan().ContainsAnyExcept(NameCharacters)
            ? $"'{Excerpt.Of(name)}' is not the name of a header field" :
        Reserved.Contains(name) || name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)
            ? $"the header field '{name}' is the client's own" :
        value.Length > MaxValueLength ? $"the value of the header field '{name}' has more than {MaxValueLength} characters" :
        value.AsSpan().ContainsAnyExceptInRange(' ', '~')
            ? $"the value of the header field '{name}' has characters other than visible ASCII and blanks" :
        null;
}
