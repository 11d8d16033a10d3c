using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace OciImage.Registry.Http;

/// <summary>Makes the handler of one place: no redirects, no cookies, no decompression, and addresses looked at after DNS.</summary>
internal static class HandlerFactory
{
    private const int MaxHeadersKilobytes = 64;

    /// <summary>Makes the handler for the place itself: its certificates and its insecurity hold.</summary>
    public static SocketsHttpHandler Create(RegistryOptions options, RegistryEndpoint? endpoint, RegistryHost host)
    {
        SocketsHttpHandler handler = CreateForOthers(options, endpoint, host);
        handler.ConnectTimeout = endpoint?.ConnectTimeout ?? options.ConnectTimeout;
        handler.SslOptions.RemoteCertificateValidationCallback = (sender, certificate, chain, errors) =>
        {
            // A proxy that is spoken to with TLS comes here as well.
            if (sender is not SslStream stream || !IsHost(host, stream.TargetHostName))
            {
                return errors == SslPolicyErrors.None;
            }

            host.HasCertificate = true;
            bool isGood = errors == SslPolicyErrors.None || host.SkipsCertificateCheck || host.IsInsecure ||
                IsTrusted(endpoint?.Certificates, certificate, chain, errors);
            host.CertificateFault = isGood ? null : FaultOf(errors, chain);
            return isGood;
        };
        bool hasTlsProxy = handler.Proxy?.GetProxy(host.Secure)?.Scheme == "https";
        if (!hasTlsProxy && endpoint?.Certificates is { Clients: [var only] } certificates)
        {
            handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(
                only, [.. certificates.Intermediates], offline: true);
        }
        else if (endpoint?.Certificates is { Clients: { Count: > 0 } clients })
        {
            handler.SslOptions.LocalCertificateSelectionCallback = (_, target, _, _, issuers) =>
                IsHost(host, target) ? Select(clients, issuers) : null!;
        }

        return handler;
    }

    /// <summary>Makes the handler for where the place sends its client: of what holds for the place, only its authorities do, for the same name.</summary>
    public static SocketsHttpHandler CreateForOthers(RegistryOptions options, RegistryEndpoint? endpoint, RegistryHost host)
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
            EnableMultipleHttp2Connections = true,
            ConnectCallback = (context, cancellationToken) => ConnectAsync(host, context, cancellationToken),
        };
        handler.Proxy = options.Proxy ?? new EnvironmentProxy(HttpClient.DefaultProxy);

        handler.SslOptions.RemoteCertificateValidationCallback = (sender, certificate, chain, errors) =>
            errors == SslPolicyErrors.None || host.SkipsCertificateCheck ||
            (sender is SslStream stream && IsHost(host, stream.TargetHostName) &&
                IsTrusted(endpoint?.Certificates, certificate, chain, errors));

        return handler;
    }

    private static bool IsHost(RegistryHost host, string? target) =>
        host.Secure.IdnHost.Trim('[', ']').Equals(target?.Trim('[', ']'), StringComparison.OrdinalIgnoreCase);

    // Of several certificates the one that a named issuer signed; else the first, since a registry need not name any.
    private static X509Certificate2 Select(IReadOnlyList<X509Certificate2> clients, string[] issuers) =>
        clients.FirstOrDefault(client => issuers.Contains(client.Issuer)) ?? clients[0];

    private static string FaultOf(SslPolicyErrors errors, X509Chain? chain)
    {
        X509ChainStatusFlags flags = (chain?.ChainStatus ?? []).Aggregate(
            X509ChainStatusFlags.NoError, (all, status) => all | status.Status);
        return errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable) ? "it showed none"
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? "it is for another name"
            : flags.HasFlag(X509ChainStatusFlags.NotTimeValid) ? "it has ended or not begun"
            : (flags & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0 ? "an unknown authority signed it"
            : $"its chain is not valid ({flags})";
    }

    // Besides the system's authorities: a name that does not match stays an error whoever signed it.
    private static bool IsTrusted(
        RegistryCertificates? certificates, X509Certificate? certificate, X509Chain? sent, SslPolicyErrors errors)
    {
        if (certificates is not { Authorities.Count: > 0 } || errors != SslPolicyErrors.RemoteCertificateChainErrors ||
            certificate is null)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid("1.3.6.1.5.5.7.3.1"));
        chain.ChainPolicy.CustomTrustStore.AddRange(certificates.Authorities.ToArray());
        foreach (X509ChainElement element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        using var leaf = new X509Certificate2(certificate);
        return chain.Build(leaf);
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

            // Through a proxy the address is the proxy's, which the user chose; a tunnel's own request names the proxy.
            if (uri is not null && context.InitialRequestMessage.Method != HttpMethod.Connect && IsHostOf(uri, context.DnsEndPoint))
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
