using System.Security.Cryptography;
using OciImage.Content;

namespace OciImage.Layers;

/// <summary>Hashes an archive on its way and compares it with the DiffID.</summary>
internal sealed class HashingStream : ReadOnlyStream
{
    private readonly Stream _inner;
    private readonly Digest _expected;
    private readonly IncrementalHash _hash;

    public HashingStream(Stream inner, Digest expected)
    {
        if (!expected.CanVerify)
        {
            throw new LayerException(
                LayerErrorKind.Unsupported, $"The DiffID '{Excerpt.Of(expected.ToString())}' cannot be verified.");
        }

        _inner = inner;
        _expected = expected;
        _hash = Digest.CreateHash(expected.Algorithm);
    }

    public override int Read(Span<byte> buffer)
    {
        int read = _inner.Read(buffer);
        _hash.AppendData(buffer[..read]);

        return read;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await _inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        _hash.AppendData(buffer.Span[..read]);

        return read;
    }

    public void Verify(Descriptor layer)
    {
        Digest actual = Digest.FromHash(_expected.Algorithm, _hash.GetCurrentHash());
        if (actual != _expected)
        {
            throw new LayerException(
                LayerErrorKind.DiffIdMismatch,
                $"Layer '{layer.Digest}' has the DiffID '{actual}', expected '{_expected}'.");
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }
}
