namespace OciImage;

/// <summary>The exception that is thrown when a document is not what its specification allows.</summary>
public sealed class DocumentFormatException : OciException
{
    /// <summary>Initializes a new instance with a message and the place in the document.</summary>
    /// <param name="message">What was found and what was expected.</param>
    /// <param name="path">The JSON path of the fault, such as <c>$.layers[2].size</c>, or <see langword="null"/>.</param>
    /// <param name="innerException">The cause, or <see langword="null"/>.</param>
    public DocumentFormatException(string message, string? path = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Path = path;
    }

    /// <summary>Gets whether the document is a file of this machine's configuration, and not content from elsewhere.</summary>
    public bool IsConfiguration { get; private set; }

    /// <summary>Gets the JSON path of the fault, or <see langword="null"/> where the document as a whole is at fault.</summary>
    public string? Path { get; }

    /// <summary>Marks the document as configuration; for exception filters, so that it always returns <see langword="false"/>.</summary>
    internal bool MarkAsConfiguration()
    {
        IsConfiguration = true;
        return false;
    }
}
