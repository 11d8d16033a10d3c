namespace OciImage.Server.Routing;

/// <summary>The kinds of resources that a registry has.</summary>
internal enum RouteKind
{
    Unknown,
    Ping,
    Catalog,
    Tags,
    Manifest,
    Referrers,
    Blob,
    Uploads,
    Upload,
}
