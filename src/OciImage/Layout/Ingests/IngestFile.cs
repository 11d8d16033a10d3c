using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace OciImage.Layout;

/// <summary>The bytes of an ingest: written at an offset, hashed from the start.</summary>
/// <param name="key">The ingest's key, for messages.</param>
/// <param name="file">The file, which goes with this.</param>
internal sealed class IngestFile(string key, LockedFile file) : IDisposable
{
    private const int BufferSize = 256 * 1024;

    public SafeFileHandle Handle => file.Handle;

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(Handle, bytes, offset);
        }
        catch (IOException)
        {
            TryDropRest(offset);
            throw;
        }
    }

    public async ValueTask HashAsync(IncrementalHash hash, long length, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            for (long position = 0; position < length;)
            {
                Memory<byte> wanted = buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - position));
                int read = await RandomAccess.ReadAsync(Handle, wanted, position, cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    throw new IOException($"The ingest '{key}' ended after {position} of {length} bytes.");
                }

                hash.AppendData(buffer, 0, read);
                position += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Computes the digest of the first bytes by another algorithm than the one that went along.</summary>
    public async ValueTask<Digest> ComputeAsync(string algorithm, long length, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = Digest.CreateHash(algorithm);
        await HashAsync(hash, length, cancellationToken).ConfigureAwait(false);
        return Digest.FromHash(algorithm, hash.GetCurrentHash());
    }

    /// <summary>Cuts off what a write that failed left behind the end.</summary>
    /// <exception cref="IOException">The file is shorter: somebody else changed it.</exception>
    public void CutTo(long length)
    {
        long actual = RandomAccess.GetLength(Handle);
        if (actual < length)
        {
            throw new IOException($"The ingest '{key}' has {actual} bytes, expected {length}: somebody else changed it.");
        }

        RandomAccess.SetLength(Handle, length);
    }

    public void Dispose() => file.Dispose();

    // What is left is overwritten by the next write, and cut off by a commit; here it only looks better.
    private void TryDropRest(long offset)
    {
        try
        {
            RandomAccess.SetLength(Handle, offset);
        }
        catch (IOException)
        {
            // The write's own error counts.
        }
    }
}
