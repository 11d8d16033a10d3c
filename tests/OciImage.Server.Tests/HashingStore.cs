using System.Security.Cryptography;
using OciImage.Content;

namespace OciImage.Server.Tests;

/// <summary>A store that keeps no content: it hashes what comes in and makes up what goes out, both of zeros.</summary>
internal sealed class HashingStore : IImageStore, IContentIngester
{
    public HashingStore(long size)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] zeros = new byte[64 * 1024];
        for (long left = size; left > 0; left -= zeros.Length)
        {
            hash.AppendData(zeros, 0, (int)Math.Min(left, zeros.Length));
        }

        Zeros = new Descriptor
        {
            MediaType = "application/octet-stream",
            Digest = Digest.FromHash(Digest.Sha256, hash.GetHashAndReset()),
            Size = size,
        };
    }

    public Descriptor Zeros { get; }

    public ValueTask<ContentIngest> OpenIngestAsync(string key, CancellationToken cancellationToken = default) =>
        new(new HashingIngest(key));

    public ValueTask<IngestStatus?> GetIngestStatusAsync(string key, CancellationToken cancellationToken = default) =>
        new((IngestStatus?)null);

    public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        new(new ContentStream(new ZeroStream(Zeros.Size), Zeros));

    public ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default) => new(Zeros);

    public ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => new(true);

    public ValueTask PushAsync(
        Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public ValueTask TagAsync(Descriptor descriptor, string reference, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    private sealed class HashingIngest(string key) : ContentIngest
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private long _offset;

        public override string Key => key;

        public override long Offset => _offset;

        public override ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            _hash.AppendData(bytes.Span);
            _offset += bytes.Length;
            return default;
        }

        public override ValueTask<Descriptor> CommitAsync(
            string mediaType, Digest? expected, CancellationToken cancellationToken)
        {
            Digest actual = Digest.FromHash(Digest.Sha256, _hash.GetHashAndReset());
            var descriptor = new Descriptor { MediaType = mediaType, Digest = actual, Size = _offset };
            return actual == expected ? new(descriptor) : throw new ContentVerificationException(descriptor, "Another digest.");
        }

        public override ValueTask AbortAsync(CancellationToken cancellationToken) => default;

        public override ValueTask DisposeAsync()
        {
            _hash.Dispose();
            return default;
        }
    }
}
