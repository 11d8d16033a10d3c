namespace OciImage;

/// <summary>The exception that is thrown when an image cannot be said in the form that it is converted to.</summary>
public sealed class ConversionException : OciException
{
    /// <summary>Initializes a new instance.</summary>
    /// <param name="content">The content at fault.</param>
    /// <param name="message">What the form has no room for.</param>
    /// <param name="canBeLeftOut">Whether a conversion that may lose something leaves it out.</param>
    public ConversionException(Descriptor content, string message, bool canBeLeftOut = false)
        : base(message)
    {
        ArgumentNullException.ThrowIfNull(content);
        Content = content;
        CanBeLeftOut = canBeLeftOut;
    }

    /// <summary>Gets the content at fault.</summary>
    public Descriptor Content { get; }

    /// <summary>Gets whether a conversion that may lose something leaves it out.</summary>
    public bool CanBeLeftOut { get; }
}
