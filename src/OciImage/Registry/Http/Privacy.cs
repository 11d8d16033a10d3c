using System.Net;
using System.Net.Sockets;

namespace OciImage.Registry.Http;

/// <summary>Says how private an address is: a registry may send its clients to places as public as itself, not to more private ones.</summary>
internal enum Privacy
{
    /// <summary>This machine.</summary>
    Loopback,

    /// <summary>The link, where clouds keep the credentials of their machines.</summary>
    Link,

    /// <summary>A network of the user's own.</summary>
    Private,

    /// <summary>The internet.</summary>
    Public,
}

/// <summary>Knows the privacy of addresses.</summary>
internal static class PrivacyOf
{
    public static Privacy Address(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        if (Embedded(address) is { } embedded)
        {
            return Address(embedded);
        }

        if (IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
        {
            return Privacy.Loopback;
        }

        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            return address.IsIPv6LinkLocal ? Privacy.Link
                : address.IsIPv6SiteLocal || address.IsIPv6UniqueLocal || address.IsIPv6Multicast
                ? Privacy.Private
                : Privacy.Public;
        }

        ReadOnlySpan<byte> bytes = address.GetAddressBytes();
        if (bytes is [169, 254, ..])
        {
            return Privacy.Link;
        }

        bool isPrivate = bytes switch
        {
            [0 or 10, ..] or [192, 168, ..] => true,
            [172, >= 16 and <= 31, ..] => true,
            [100, >= 64 and <= 127, ..] => true,
            [192, 0, 0, _] or [198, 18 or 19, ..] => true,
            [>= 224, ..] => true,
            _ => false,
        };

        return isPrivate ? Privacy.Private : Privacy.Public;
    }

    // Translators and tunnels carry an IPv4 address inside an IPv6 one (RFC 6052, RFC 3056, RFC 4291 section 2.5.5.1).
    private static IPAddress? Embedded(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return null;
        }

        ReadOnlySpan<byte> bytes = address.GetAddressBytes();
        return bytes switch
        {
            [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, ..] => new IPAddress(bytes[12..]),
            [0x00, 0x64, 0xff, 0x9b, 0, 1, ..] => new IPAddress(bytes[12..]),
            [0x20, 0x02, ..] => new IPAddress(bytes[2..6]),
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, <= 1] => null,
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ..] => new IPAddress(bytes[12..]),
            _ => null,
        };
    }

    /// <summary>Returns the privacy of a host that says it by itself, or <see langword="null"/> for a name.</summary>
    public static Privacy? Host(string host)
    {
        string name = host.TrimEnd('.');
        if (name.Equals("localhost", StringComparison.OrdinalIgnoreCase) ||
            name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase))
        {
            return Privacy.Loopback;
        }

        // Uri has brought decimal, octal and hexadecimal forms of an address into the usual one already.
        return IPAddress.TryParse(name.Trim('[', ']'), out IPAddress? address) ? Address(address) : null;
    }
}
