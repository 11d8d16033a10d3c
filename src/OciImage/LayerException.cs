namespace OciImage;

/// <summary>The exception that is thrown when a layer cannot be read, applied or written.</summary>
public sealed class LayerException : OciException
{
    /// <summary>Initializes a new instance.</summary>
    /// <param name="kind">Why the layer was refused.</param>
    /// <param name="message">What was found and what was expected.</param>
    /// <param name="entryName">The name of the entry at fault as the archive gives it, or <see langword="null"/>.</param>
    /// <param name="innerException">The cause, or <see langword="null"/>.</param>
    public LayerException(
        LayerErrorKind kind, string message, string? entryName = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Kind = kind;
        EntryName = entryName;
    }

    /// <summary>Gets why the layer was refused.</summary>
    public LayerErrorKind Kind { get; }

    /// <summary>Gets the name of the entry at fault, or <see langword="null"/> where the layer as a whole is at fault.</summary>
    /// <remarks>Bytes that are not UTF-8 are shown as U+FFFD.</remarks>
    public string? EntryName { get; }
}
