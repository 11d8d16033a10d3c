namespace OciImage.Registry.Http;

/// <summary>Judges every address that a registry sends its client to: redirects, upload locations, token realms, next pages.</summary>
internal static class OriginPolicy
{
    /// <summary>Tells whether two addresses have the same scheme, host and port; credentials never leave that.</summary>
    public static bool IsSameOrigin(Uri left, Uri right) =>
        left.Scheme == right.Scheme && left.Port == right.Port &&
        left.IdnHost.Equals(right.IdnHost, StringComparison.OrdinalIgnoreCase);

    /// <summary>Refuses an address that the registry must not send its client to.</summary>
    /// <param name="registry">The registry's own address.</param>
    /// <param name="target">The address it names.</param>
    /// <param name="what">What the address is for.</param>
    /// <param name="registryPrivacy">How private the registry is, as far as known.</param>
    /// <exception cref="RegistryException">The address is not allowed.</exception>
    public static void Check(Uri registry, Uri target, string what, Privacy registryPrivacy)
    {
        string? fault =
            target.Scheme is not ("http" or "https") ? $"the scheme '{target.Scheme}' is neither http nor https" :
            target.UserInfo.Length > 0 ? "it has a user name" :
            registry.Scheme == "https" && target.Scheme == "http" ? "it leads from https to http" :
            !IsSameOrigin(registry, target) && PrivacyOf.Host(target.IdnHost) is { } privacy && privacy < registryPrivacy
                ? "it is more private than the registry" :
            null;
        if (fault is not null)
        {
            throw new RegistryException($"The {what} '{Redact(target)}' of '{registry.Authority}' is refused: {fault}.")
            {
                RequestUri = Redacted(target),
            };
        }
    }

    /// <summary>Resolves an address of a header against the request it answers.</summary>
    public static Uri Resolve(Uri request, string location, string what)
    {
        if (location.Length > 16 * 1024 || !Uri.TryCreate(request, location, out Uri? target))
        {
            throw new RegistryException($"The {what} '{Excerpt.Of(location)}' of '{request.Authority}' is no address.");
        }

        return target;
    }

    /// <summary>Returns an address without user information and query values, which may hold secrets.</summary>
    public static Uri Redacted(Uri uri) => new(Redact(uri), UriKind.RelativeOrAbsolute);

    public static string Redact(Uri uri) => uri.IsAbsoluteUri
        ? $"{uri.Scheme}://{uri.Authority}{uri.AbsolutePath}{(uri.Query.Length > 1 ? "?…" : "")}"
        : uri.OriginalString.Split('?')[0];
}
