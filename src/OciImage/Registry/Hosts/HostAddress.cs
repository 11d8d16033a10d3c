using System.Buffers;

namespace OciImage.Registry.Hosts;

/// <summary>An address of a host as configuration has it: http or https, a host with an optional port, and a path.</summary>
/// <param name="IsHttps">Whether it is https, which holds also where no scheme is named.</param>
/// <param name="Host">The host with its port, as written.</param>
/// <param name="Path">The path without dots and without a slash at its end, or an empty text.</param>
internal sealed record HostAddress(bool IsHttps, string Host, string Path)
{
    private const int MaxLength = 2048;

    private static readonly SearchValues<char> PathCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/:+");

    /// <summary>Gets the port, or an empty text.</summary>
    public string Port => PortOf(Host);

    /// <summary>Returns the port of a host, or an empty text.</summary>
    public static string PortOf(string host)
    {
        int colon = host.LastIndexOf(':');
        return colon > host.LastIndexOf(']') ? host[(colon + 1)..] : "";
    }

    /// <summary>Tells whether a host is this machine, by its name or its literal address.</summary>
    public static bool IsLocal(string host)
    {
        string port = PortOf(host);
        string name = (port.Length == 0 ? host : host[..^(port.Length + 1)]).Trim('[', ']');

        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase) ||
            (System.Net.IPAddress.TryParse(name, out System.Net.IPAddress? address) && System.Net.IPAddress.IsLoopback(address));
    }

    /// <summary>Parses an address.</summary>
    /// <param name="text">The text.</param>
    /// <param name="fault">Why it is none; the text is not quoted where it may hold a secret.</param>
    /// <returns>The address, or <see langword="null"/>.</returns>
    public static HostAddress? Parse(string text, out string fault)
    {
        fault = "";
        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        string rest = scheme < 0 ? text : text[(scheme + 3)..];
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        string host = slash < 0 ? rest : rest[..slash];
        string path = slash < 0 ? "" : rest[slash..];
        bool isHttp = scheme >= 0 && text.AsSpan(0, scheme).Equals("http", StringComparison.OrdinalIgnoreCase);
        bool isHttps = scheme < 0 || text.AsSpan(0, scheme).Equals("https", StringComparison.OrdinalIgnoreCase);
        fault =
            text.Length > MaxLength ? $"an address has more than {MaxLength} characters" :
            rest.Contains('@', StringComparison.Ordinal) ? "an address has user information" :
            rest.AsSpan().ContainsAny('?', '#') ? "an address has a query or a fragment" :
            !isHttp && !isHttps ? "an address is neither http nor https" :
            !ReferenceGrammar.IsRegistry(host) ? $"'{Excerpt.Of(host)}' is not a host with an optional port" :
            path.AsSpan().ContainsAnyExcept(PathCharacters) ? $"the path '{Excerpt.Of(path)}' of an address has characters that no path here has" :
            "";

        return fault.Length > 0 ? null : new HostAddress(isHttps, host, Clean(path));
    }

    // As a file system understands '.', '..' and double slashes.
    private static string Clean(string path)
    {
        var parts = new List<string>();
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                parts.RemoveRange(Math.Max(parts.Count - 1, 0), Math.Min(parts.Count, 1));
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return string.Concat(parts.Select(part => "/" + part));
    }
}
