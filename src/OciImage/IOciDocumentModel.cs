using System.Text.Json.Serialization.Metadata;
using OciImage.Json;

namespace OciImage;

/// <summary>Marks the types that <see cref="OciDocument{T}"/> reads and writes. Not to be implemented outside this library.</summary>
/// <typeparam name="TSelf">The type itself.</typeparam>
public interface IOciDocumentModel<TSelf>
    where TSelf : class, IOciDocumentModel<TSelf>
{
    /// <summary>Gets the media type that a document of this kind has where it does not say.</summary>
    static abstract string DefaultMediaType { get; }

    internal static abstract JsonTypeInfo<TSelf> TypeInfo { get; }

    internal static abstract DocumentShape Shape { get; }

    internal string? DeclaredMediaType { get; }
}
