using System.Text;

namespace OciImage.Tests.Layout.Archives;

/// <summary>A stream that refuses, once, what begins with some text.</summary>
internal sealed class FailingStream(string start) : MemoryStream
{
    private readonly byte[] _start = Encoding.ASCII.GetBytes(start);
    private bool _failed;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_failed || !buffer.Span.StartsWith(_start))
        {
            return base.WriteAsync(buffer, cancellationToken);
        }

        _failed = true;
        return ValueTask.FromException(new IOException("No space left."));
    }
}
