using System.Net;

namespace OciImage.Registry.Http;

/// <summary>Judges every address that one registry sends its client to: redirects, upload locations, token realms, next pages.</summary>
/// <param name="registry">The registry as a user writes it.</param>
/// <param name="host">The host that is dialled.</param>
/// <param name="trustedHosts">Hosts, with or without a port, that may be more private than the registry.</param>
internal sealed class OriginPolicy(string registry, string host, IReadOnlyCollection<string> trustedHosts)
{
    private const int MaxAddressLength = 16 * 1024;

    private readonly Lock _lock = new();
    private readonly Privacy? _told = PrivacyOf.Host(host);
    private Privacy? _seen;

    /// <summary>Gets how private the registry is; a name counts as public until a connection shows its address.</summary>
    public Privacy RegistryPrivacy
    {
        get
        {
            lock (_lock)
            {
                return _told ?? _seen ?? Privacy.Public;
            }
        }
    }

    /// <summary>Tells whether two addresses have the same scheme, host and port; credentials never leave that.</summary>
    public static bool IsSameOrigin(Uri left, Uri right) =>
        left.Scheme == right.Scheme && left.Port == right.Port &&
        left.IdnHost.Equals(right.IdnHost, StringComparison.OrdinalIgnoreCase);

    /// <summary>Refuses an address that the registry must not send its client to.</summary>
    /// <param name="from">The address that names the target.</param>
    /// <param name="target">The address it names.</param>
    /// <param name="what">What the address is for.</param>
    /// <exception cref="RegistryException">The address is not allowed.</exception>
    public void Check(Uri from, Uri target, string what)
    {
        string? fault =
            target.Scheme is not ("http" or "https") ? $"the scheme '{target.Scheme}' is neither http nor https" :
            target.UserInfo.Length > 0 ? "it has a user name" :
            from.Scheme == "https" && target.Scheme == "http" ? "it leads from https to http" :
            !IsSameOrigin(from, target) && PrivacyOf.Host(target.IdnHost) is { } privacy && IsTooPrivate(target, privacy)
                ? "it is more private than the registry" :
            null;
        if (fault is not null)
        {
            throw new RegistryException($"The {what} '{Redact(target)}' of '{registry}' is refused: {fault}.")
            {
                RequestUri = Redacted(target),
            };
        }
    }

    /// <summary>Reads a URL of a descriptor. Since no secret goes there and its content is verified, plain http is allowed.</summary>
    /// <exception cref="RegistryException">It is no such address, or is more private than the registry.</exception>
    public Uri ResolveForeign(string url)
    {
        Uri? target = null;
        string? fault =
            url.Length > MaxAddressLength || !Uri.TryCreate(url, UriKind.Absolute, out target) ? "it is no address" :
            target.Scheme is not ("http" or "https") ? $"the scheme '{Excerpt.Of(target.Scheme)}' is neither http nor https" :
            target.UserInfo.Length > 0 ? "it has a user name" :
            PrivacyOf.Host(target.IdnHost) is { } privacy && IsTooPrivate(target, privacy) ? "it is more private than the registry" :
            null;

        return fault is null
            ? new Uri(url)
            : throw new RegistryException(
                $"The URL '{(target is null ? Excerpt.Of(url.Split('?', '@')[0]) : Redact(target))}' of content of '{registry}' is refused: {fault}.");
    }

    /// <summary>Refuses a connection to addresses that a name of the registry's choice resolved to.</summary>
    /// <param name="target">The address that is asked.</param>
    /// <param name="isRegistry">Whether that is the registry itself.</param>
    /// <param name="addresses">What its name resolved to.</param>
    /// <exception cref="RegistryException">One of them is more private than the registry.</exception>
    public void CheckAddresses(Uri target, bool isRegistry, IPAddress[] addresses)
    {
        if (addresses.Length == 0)
        {
            return;
        }

        if (isRegistry)
        {
            // The most public address ever seen counts: a name that also resolves to this machine earns nothing by it.
            Privacy most = addresses.Max(PrivacyOf.Address);
            lock (_lock)
            {
                _seen = _seen > most ? _seen : most;
            }

            return;
        }

        if (IsTooPrivate(target, addresses.Min(PrivacyOf.Address)))
        {
            throw new RegistryException(
                $"'{registry}' sends its client to '{target.Authority}', whose address is more private than the registry; it is refused.")
            {
                RequestUri = Redacted(target),
            };
        }
    }

    /// <summary>Resolves an address of a header against the request it answers, and keeps it to the letter: it may be signed.</summary>
    public Uri Resolve(Uri request, string location, string what)
    {
        int fragment = location.IndexOf('#', StringComparison.Ordinal);
        string text = fragment < 0 ? location : location[..fragment];
        if (location.Length > MaxAddressLength || !Uri.TryCreate(request, text, out Uri? target))
        {
            throw new RegistryException($"The {what} '{Excerpt.Of(location)}' of '{registry}' is no address.")
            {
                RequestUri = Redacted(request),
            };
        }

        return target.Scheme is "http" or "https" ? Verbatim(request, text, target) : target;
    }

    /// <summary>Returns an address without user information and query values, which may hold secrets.</summary>
    public static Uri Redacted(Uri uri) => new(Redact(uri), UriKind.RelativeOrAbsolute);

    public static string Redact(Uri uri) => uri.IsAbsoluteUri
        ? $"{uri.Scheme}://{uri.Authority}{Excerpt.Of(uri.AbsolutePath.Split('?')[0])}{(uri.Query.Length > 1 ? "?…" : "")}"
        : Excerpt.Of(uri.OriginalString.Split('?')[0]);

    // Uri rewrites escapes such as %7E, which breaks signatures over the text. What is not plain ASCII is left to it.
    private static Uri Verbatim(Uri request, string text, Uri resolved)
    {
        string? absolute =
            text.StartsWith("//", StringComparison.Ordinal) ? $"{request.Scheme}:{text}" :
            text.StartsWith('/') ? $"{request.Scheme}://{request.Authority}{text}" :
            text.Contains("://", StringComparison.Ordinal) ? text :
            null;

        return absolute is not null && !absolute.AsSpan().ContainsAnyExceptInRange('!', '~') &&
            Uri.TryCreate(
                absolute, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }, out Uri? verbatim) &&
            IsSameOrigin(verbatim, resolved) && verbatim.UserInfo == resolved.UserInfo
            ? verbatim
            : resolved;
    }

    private bool IsTooPrivate(Uri target, Privacy privacy) =>
        privacy < RegistryPrivacy &&
        !trustedHosts.Contains(target.IdnHost, StringComparer.OrdinalIgnoreCase) &&
        !trustedHosts.Contains(target.Authority, StringComparer.OrdinalIgnoreCase);
}
