namespace OciImage.Json;

/// <summary>The kinds of documents that are checked not to be two things at once.</summary>
internal enum DocumentShape
{
    Other,
    Manifest,
    Index,
    Config,
}
