using System.Net;

namespace OciImage.Registry.Http;

/// <summary>The proxy that the environment names, which is not asked for this machine, as other programs do not ask it either.</summary>
internal sealed class EnvironmentProxy(IWebProxy inner) : IWebProxy
{
    public ICredentials? Credentials
    {
        get => inner.Credentials;
        set => inner.Credentials = value;
    }

    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : inner.GetProxy(destination);

    public bool IsBypassed(Uri host) => PrivacyOf.Host(host.IdnHost) == Privacy.Loopback || inner.IsBypassed(host);
}
