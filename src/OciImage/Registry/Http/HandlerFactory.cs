using System.Net;
using System.Net.Sockets;

namespace OciImage.Registry.Http;

/// <summary>Makes the handler that carries requests: no redirects, no cookies, no decompression, and addresses looked at after DNS.</summary>
internal static class HandlerFactory
{
    /// <summary>The registry that a request is made for, whatever host it goes to.</summary>
    public static readonly HttpRequestOptionsKey<RegistryHost> Host = new("OciImage.Host");

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(30);

    public static SocketsHttpHandler Create(RegistryOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            MaxResponseHeadersLength = 64,
            ConnectCallback = ConnectAsync,
        };
        if (options.SkipCertificateCheck)
        {
#pragma warning disable CA5359 // The option says what it does, and is off by default.
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        return handler;
    }

    private static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            IPAddress[] addresses = await Dns
                .GetHostAddressesAsync(context.DnsEndPoint.Host, cancellationToken)
                .ConfigureAwait(false);
            Judge(context, addresses);

            // The addresses that were looked at are the ones connected to: the name is not resolved a second time.
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Judge(SocketsHttpConnectionContext context, IPAddress[] addresses)
    {
        Uri? uri = context.InitialRequestMessage.RequestUri;
        if (uri is null || addresses.Length == 0 ||
            !uri.IdnHost.Equals(context.DnsEndPoint.Host, StringComparison.OrdinalIgnoreCase) ||
            !context.InitialRequestMessage.Options.TryGetValue(Host, out RegistryHost? host))
        {
            // Through a proxy the address is the proxy's, which the user chose.
            return;
        }

        Privacy privacy = addresses.Min(PrivacyOf.Address);
        if (OriginPolicy.IsSameOrigin(uri, host.Base))
        {
            host.Privacy = privacy;
        }
        else if (privacy < host.Privacy)
        {
            throw new RegistryException(
                $"'{host.Name}' sends its client to '{uri.Authority}', whose address is more private than the registry; it is refused.")
            {
                RequestUri = OriginPolicy.Redacted(uri),
            };
        }
    }
}
