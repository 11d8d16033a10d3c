using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace OciImage.Registry.Http;

/// <summary>Makes the handler of one registry: no redirects, no cookies, no decompression, and addresses looked at after DNS.</summary>
internal static class HandlerFactory
{
    private const int MaxHeadersKilobytes = 64;

    public static SocketsHttpHandler Create(RegistryOptions options, RegistryHost host)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            MaxResponseHeadersLength = MaxHeadersKilobytes,
            ActivityHeadersPropagator = null,
            ConnectCallback = (context, cancellationToken) => ConnectAsync(host, context, cancellationToken),
        };
        bool acceptAny = options.SkipCertificateCheck;
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, errors) =>
        {
            host.HasCertificate = true;
            return acceptAny || errors == SslPolicyErrors.None;
        };

        return handler;
    }

    private static async ValueTask<Stream> ConnectAsync(
        RegistryHost host, SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            IPAddress[] addresses = await Dns
                .GetHostAddressesAsync(context.DnsEndPoint.Host, cancellationToken)
                .ConfigureAwait(false);
            Uri? uri = context.InitialRequestMessage.RequestUri;

            // Through a proxy the address is the proxy's, which the user chose.
            if (uri is not null && IsHostOf(uri, context.DnsEndPoint))
            {
                bool isRegistry = OriginPolicy.IsSameOrigin(uri, host.Secure) || OriginPolicy.IsSameOrigin(uri, host.Plain);
                host.Policy.CheckAddresses(uri, isRegistry, addresses);
            }

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

    private static bool IsHostOf(Uri uri, DnsEndPoint endPoint) =>
        uri.Port == endPoint.Port &&
        uri.IdnHost.Trim('[', ']').Equals(endPoint.Host.Trim('[', ']'), StringComparison.OrdinalIgnoreCase);
}
