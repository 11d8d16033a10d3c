namespace OciImage.Cli.Terminal;

/// <summary>The world that a command talks to, so that tests can stand in for it.</summary>
internal interface ITerminal
{
    /// <summary>Gets where results go, and nothing else.</summary>
    TextWriter Out { get; }

    /// <summary>Gets where progress, notes and errors go.</summary>
    TextWriter Error { get; }

    /// <summary>Gets where a password is read from.</summary>
    TextReader In { get; }

    /// <summary>Gets whether someone watches the error output.</summary>
    bool IsErrorInteractive { get; }

    /// <summary>Gets whether someone types the input.</summary>
    bool IsInputInteractive { get; }

    /// <summary>Gets the clock.</summary>
    TimeProvider Time { get; }

    /// <summary>Opens the standard output for bytes; what was written to <see cref="Out"/> comes before.</summary>
    Stream OpenOutput();

    /// <summary>Opens the standard input for bytes.</summary>
    Stream OpenInput();

    /// <summary>Gets a variable of the environment, or <see langword="null"/>.</summary>
    string? GetVariable(string name);

    /// <summary>Asks for a line that is not shown as it is typed.</summary>
    string ReadSecret(string prompt);
}
