using System.Security.Cryptography;

namespace OciImage.Layers;

/// <summary>Hashes an archive on its way to the compressor: the DiffID.</summary>
internal sealed class ArchiveStream(Stream target) : WriteOnlyStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _size;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _hash.AppendData(buffer);
        _size += buffer.Length;
        target.Write(buffer);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _hash.AppendData(buffer.Span);
        _size += buffer.Length;
        return target.WriteAsync(buffer, cancellationToken);
    }

    public (Digest DiffId, long Size) Finish() => (Digest.FromHash(Digest.Sha256, _hash.GetCurrentHash()), _size);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }
}
