using System.Text.Json;
using OciImage.Json;

namespace OciImage;

/// <summary>A document together with the bytes it came from, which are what its digest belongs to.</summary>
/// <remarks>
/// The bytes are never written anew: a document that was read is passed on as it was read. Only <see cref="Create"/>
/// writes, in one canonical form. An instance never changes and may be used by many threads.
/// </remarks>
/// <typeparam name="T">The kind of document.</typeparam>
public sealed class OciDocument<T>
    where T : class, IOciDocumentModel<T>
{
    private OciDocument(ReadOnlyMemory<byte> bytes, T value, Descriptor descriptor)
    {
        Bytes = bytes;
        Value = value;
        Descriptor = descriptor;
    }

    /// <summary>Gets the bytes of the document.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Gets what the bytes say.</summary>
    public T Value { get; }

    /// <summary>Gets the descriptor of the bytes: media type, digest and size.</summary>
    public Descriptor Descriptor { get; }

    /// <summary>Reads a document.</summary>
    /// <param name="bytes">The bytes of the document, all of them and no more; not copied, so they must not change.</param>
    /// <param name="mediaType">The media type it was announced with; checked against the document's own.</param>
    /// <param name="options">The limits, or <see langword="null"/> for the defaults.</param>
    /// <returns>The document.</returns>
    /// <exception cref="DocumentFormatException">The bytes are not a document of this kind; the message says what and where.</exception>
    public static OciDocument<T> Parse(
        ReadOnlyMemory<byte> bytes, string? mediaType = null, DocumentOptions? options = null)
    {
        options ??= DocumentOptions.Default;
        DocumentInspector.Inspect(bytes.Span, T.Shape, options);
        T value = DocumentInspector.Deserialize(bytes.Span, T.TypeInfo);
        string actual = DocumentInspector.AgreeOnMediaType(T.Shape, value.DeclaredMediaType, mediaType, T.DefaultMediaType);

        return new OciDocument<T>(bytes, value, Descriptor.Create(actual, bytes.Span, options.Algorithm));
    }

    /// <summary>Writes a new document in the canonical form.</summary>
    /// <param name="value">What the document says.</param>
    /// <param name="mediaType">The media type, where the document has no field for it; its kind's OCI type by default.</param>
    /// <param name="algorithm">The registered digest algorithm of the descriptor.</param>
    /// <returns>The document.</returns>
    /// <exception cref="ArgumentException">The value makes a document that would not be read again; the message says why.</exception>
    /// <exception cref="NotSupportedException">The algorithm is not one that can be computed here.</exception>
    public static OciDocument<T> Create(T value, string? mediaType = null, string algorithm = Digest.Sha256)
    {
        ArgumentNullException.ThrowIfNull(value);
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(value, T.TypeInfo);
        string actual;
        try
        {
            DocumentInspector.Inspect(bytes, T.Shape, DocumentOptions.Unlimited);
            DocumentInspector.Deserialize(bytes, T.TypeInfo);
            actual = DocumentInspector.AgreeOnMediaType(T.Shape, value.DeclaredMediaType, mediaType, T.DefaultMediaType);
        }
        catch (DocumentFormatException exception)
        {
            throw new ArgumentException($"The document cannot be written: {exception.Message}", nameof(value), exception);
        }

        return new OciDocument<T>(bytes, value, Descriptor.Create(actual, bytes, algorithm));
    }
}
