namespace OciImage.Server.Routing;

/// <summary>What a path below <c>/v2/</c> points to.</summary>
/// <param name="Kind">The kind of resource.</param>
/// <param name="Repository">The name of the repository, not checked yet, or an empty text where there is none.</param>
/// <param name="Reference">The last part: a tag, a digest or the id of an upload; else an empty text.</param>
internal readonly record struct RegistryRoute(RouteKind Kind, string Repository = "", string Reference = "")
{
    // Read from the right: a repository may be named 'blobs' or 'a/manifests/b', what follows its name may not.
    public static RegistryRoute Parse(string path)
    {
        ReadOnlySpan<char> rest = path;
        switch (rest)
        {
            case "":
                return new RegistryRoute(RouteKind.Ping);
            case "_catalog":
                return new RegistryRoute(RouteKind.Catalog);
        }

        string last = TakeLast(ref rest);
        string kind = TakeLast(ref rest);
        if (kind == "uploads" && Ends(rest, "blobs", out string repository))
        {
            return new RegistryRoute(last.Length == 0 ? RouteKind.Uploads : RouteKind.Upload, repository, last);
        }

        return (kind, last) switch
        {
            ("tags", "list") => new RegistryRoute(RouteKind.Tags, rest.ToString()),
            ("manifests", _) => new RegistryRoute(RouteKind.Manifest, rest.ToString(), last),
            ("referrers", _) => new RegistryRoute(RouteKind.Referrers, rest.ToString(), last),
            ("blobs", "uploads") => new RegistryRoute(RouteKind.Uploads, rest.ToString()),
            ("blobs", _) => new RegistryRoute(RouteKind.Blob, rest.ToString(), last),
            _ => new RegistryRoute(RouteKind.Unknown),
        };
    }

    private static string TakeLast(ref ReadOnlySpan<char> path)
    {
        int slash = path.LastIndexOf('/');
        string last = path[(slash + 1)..].ToString();
        path = slash < 0 ? default : path[..slash];

        return last;
    }

    private static bool Ends(ReadOnlySpan<char> path, string component, out string before)
    {
        bool ends = TakeLast(ref path) == component;
        before = path.ToString();

        return ends;
    }
}
