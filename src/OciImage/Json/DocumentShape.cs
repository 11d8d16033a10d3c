namespace OciImage.Json;

/// <summary>The kinds of documents.</summary>
internal enum DocumentShape
{
    LayoutHeader,
    Manifest,
    Index,
    Config,
}
