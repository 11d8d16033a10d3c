using OciImage.Cli.Terminal;

namespace OciImage.Cli.Tests;

/// <summary>A terminal that tells when the first line of a result has come.</summary>
internal sealed class SignallingTerminal : ITerminal
{
    private readonly TaskCompletionSource<string> _firstLine = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SignallingTerminal()
    {
        Out = new SignallingWriter(_firstLine);
    }

    public Task<string> FirstLine => _firstLine.Task;

    public TextWriter Out { get; }

    public TextWriter Error => TextWriter.Null;

    public TextReader In => TextReader.Null;

    public bool IsErrorInteractive => false;

    public bool IsInputInteractive => false;

    public TimeProvider Time => TimeProvider.System;

    public Stream OpenOutput() => Stream.Null;

    public Stream OpenInput() => Stream.Null;

    public string? GetVariable(string name) => null;

    public string ReadSecret(string prompt) => "";

    private sealed class SignallingWriter(TaskCompletionSource<string> firstLine) : StringWriter
    {
        public override void WriteLine(string? value) => firstLine.TrySetResult(value ?? "");
    }
}
