using System.Text;
using OciImage.Cli.Terminal;

namespace OciImage.Cli.Tests;

/// <summary>A terminal whose output a test reads, and whose input and environment it chooses.</summary>
internal sealed class TestTerminal : ITerminal, IDisposable
{
    private readonly MemoryStream _output = new();
    private readonly StringWriter _error = new();

    public TestTerminal(string input = "")
    {
        Out = new StreamWriter(_output, new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\n" };
        Error = TextWriter.Synchronized(_error);
        In = new StringReader(input);
    }

    public TextWriter Out { get; }

    public TextWriter Error { get; }

    public TextReader In { get; }

    public bool IsErrorInteractive { get; init; }

    public bool IsInputInteractive { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    // No file of this machine's is a test's.
    public Dictionary<string, string> Variables { get; } = new() { ["XDG_RUNTIME_DIR"] = "/nonexistent" };

    public string Secret { get; init; } = "";

    /// <summary>Gets the bytes of the standard output.</summary>
    public byte[] OutputBytes => _output.ToArray();

    /// <summary>Gets the text of the standard output.</summary>
    public string Output => Encoding.UTF8.GetString(OutputBytes);

    /// <summary>Gets the text of the error output.</summary>
    public string ErrorOutput => _error.ToString();

    public Stream OpenOutput() => new NotClosing(_output);

    /// <summary>Gets the bytes of the standard input.</summary>
    public byte[] InputBytes { get; init; } = [];

    public Stream OpenInput() => new MemoryStream(InputBytes, writable: false);

    public string? GetVariable(string name) => Variables.GetValueOrDefault(name);

    public string ReadSecret(string prompt)
    {
        Error.Write(prompt);
        return Secret;
    }

    public void Dispose()
    {
        Out.Dispose();
        _output.Dispose();
        _error.Dispose();
    }

    private sealed class NotClosing(Stream inner) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => throw new NotSupportedException();
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);
    }
}
