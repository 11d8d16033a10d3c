namespace OciImage.Cli;

/// <summary>The exception that is thrown when the command line asks for what makes no sense or is not supported.</summary>
internal sealed class UsageException(string message, Exception? innerException = null)
    : Exception(message, innerException);
