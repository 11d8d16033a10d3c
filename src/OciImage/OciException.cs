namespace OciImage;

/// <summary>The base of every exception that this library throws for what it was given to read, fetch or unpack.</summary>
/// <remarks>Misuse by the caller is told with the argument exceptions of the base class library instead.</remarks>
public abstract class OciException : Exception
{
    /// <summary>Initializes a new instance with a message and, where there is one, its cause.</summary>
    /// <param name="message">What was found and what was expected.</param>
    /// <param name="innerException">The cause, or <see langword="null"/>.</param>
    protected OciException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
