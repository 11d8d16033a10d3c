using System.Globalization;
using System.Net;

namespace OciImage.Server;

/// <summary>Reads where a server listens: an address and a port.</summary>
internal static class ListenAddress
{
    public static IPEndPoint Parse(string listen)
    {
        ArgumentException.ThrowIfNullOrEmpty(listen);
        int colon = listen.LastIndexOf(':');
        string host = colon < 0 ? "" : listen[..colon];
        if (colon < 0 ||
            !ushort.TryParse(listen.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            throw new FormatException($"'{listen}' has not the form 'address:port'.");
        }

        // No names but this one: to look one up would be to listen where somebody else decides.
        if (host == "localhost")
        {
            return new IPEndPoint(IPAddress.Loopback, port);
        }

        bool bracketed = host.StartsWith('[') && host.EndsWith(']');
        return IPAddress.TryParse(bracketed ? host[1..^1] : host, out IPAddress? address) &&
            bracketed == (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6)
            ? new IPEndPoint(address, port)
            : throw new FormatException($"'{host}' is no IP address; write '127.0.0.1', '0.0.0.0' or '[::1]'.");
    }
}
