using System.Collections.ObjectModel;

namespace OciImage.Json;

/// <summary>Holds the map that a document without one exposes.</summary>
internal static class EmptyMap
{
    public static IReadOnlyDictionary<string, string> Strings => ReadOnlyDictionary<string, string>.Empty;
}
