using System.Buffers;
using OciImage.Content;

namespace OciImage.Layers;

/// <summary>Writes into an ingest, in pieces of a sensible size.</summary>
/// <remarks>
/// An ingest takes bytes in asynchronously only, and codecs write synchronously at their end. Such writes are kept until
/// the next asynchronous call, which is why the owner ends with <see cref="FlushAsync"/>.
/// </remarks>
internal sealed class IngestStream(ContentIngest ingest) : WriteOnlyStream
{
    private const int EnoughToAppend = 256 * 1024;

    private readonly ArrayBufferWriter<byte> _waiting = new();

    public override void Write(ReadOnlySpan<byte> buffer) => _waiting.Write(buffer);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _waiting.Write(buffer.Span);
        if (_waiting.WrittenCount >= EnoughToAppend)
        {
            await FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_waiting.WrittenCount > 0)
        {
            await ingest.AppendAsync(_waiting.WrittenMemory, cancellationToken).ConfigureAwait(false);
            _waiting.ResetWrittenCount();
        }
    }
}
