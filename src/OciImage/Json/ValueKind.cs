namespace OciImage.Json;

/// <summary>The kinds of values that fields of documents have.</summary>
internal enum ValueKind
{
    Any,
    Text,
    WholeNumber,
    Flag,
    Object,
    List,
    Map,
}
