using System.Security.Cryptography;
using OciImage.Content;

namespace OciImage.Layout;

/// <summary>Content on its way into a layout: a file of its own, held by a lock while it is open.</summary>
/// <remarks>
/// A process that dies leaves its bytes in the system's memory, and they are gone on from. When the system itself ended
/// meanwhile, only what was flushed is; the rest of the file may be anything. Either way all is hashed again.
/// </remarks>
internal sealed class LayoutIngest : ContentIngest, IResumableIngest
{
    private const int OverlapFrom = 128 * 1024;

    // Flushed on the way, the bytes need not be flushed at the end, and a power cut costs no more than this.
    private const long CheckpointSize = 64L * 1024 * 1024;

    private readonly IngestPlace _place;
    private readonly IngestFile _file;
    private readonly BlobWriter _writer;
    private readonly Func<Descriptor, CancellationToken, ValueTask> _committed;
    private IncrementalHash _hash;
    private IngestRecord _record;
    private long _offset;
    private bool _ended;
    private bool _disposed;

    private LayoutIngest(
        IngestRecord record,
        IngestPlace place,
        IngestFile file,
        BlobWriter writer,
        Func<Descriptor, CancellationToken, ValueTask> committed)
    {
        _record = record;
        _place = place;
        _file = file;
        _writer = writer;
        _committed = committed;
        _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    }

    public override string Key => _record.Key;

    public override long Offset => _offset;

    public DateTimeOffset StartedAt => _record.StartedAt;

    public long? Total => _record.Total;

    /// <summary>Starts or goes on with what a locked file has; the file belongs to the ingest from then on.</summary>
    public static async ValueTask<LayoutIngest> OpenAsync(
        string key,
        IngestPlace place,
        LockedFile file,
        BlobWriter writer,
        Func<Descriptor, CancellationToken, ValueTask> committed,
        CancellationToken cancellationToken)
    {
        LayoutIngest? ingest = null;
        try
        {
            long length = RandomAccess.GetLength(file.Handle);
            IngestRecord? found = length == 0 ? null : IngestRecord.TryRead(place.Record, key);
            long trusted = found?.Trusted(length) ?? 0;
            if (trusted < length)
            {
                RandomAccess.SetLength(file.Handle, trusted);
            }

            // Started when the file system says that it was, whatever this machine's clock says.
            found ??= new IngestRecord(key, File.GetLastWriteTimeUtc(file.Handle), null, null, 0);
            ingest = new LayoutIngest(found, place, new IngestFile(key, file), writer, committed);
            ingest.Keep(found with { Boot = IngestRecord.CurrentBoot, Flushed = Math.Min(found.Flushed, trusted) });
            await ingest._file.HashAsync(ingest._hash, trusted, cancellationToken).ConfigureAwait(false);
            ingest._offset = trusted;

            return ingest;
        }
        catch
        {
            ingest?._hash.Dispose();
            file.Dispose();
            throw;
        }
    }

    public override ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        ThrowIfEnded();
        cancellationToken.ThrowIfCancellationRequested();
        if (bytes.Length >= OverlapFrom)
        {
            return AppendBothAsync(bytes);
        }

        // To the page cache: there is nothing to wait for that a thread pool would wait for better.
        _file.Write(bytes.Span, _offset);
        _hash.AppendData(bytes.Span);
        Advance(bytes.Length);

        return default;
    }

    public override ValueTask<Descriptor> CommitAsync(
        string mediaType, Digest? expected = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(mediaType);
        ThrowIfEnded();
        cancellationToken.ThrowIfCancellationRequested();
        Digest sha256 = Digest.FromHash(Digest.Sha256, _hash.GetCurrentHash());
        return CommitAsync(
            new Descriptor { MediaType = mediaType, Digest = expected ?? sha256, Size = Total ?? _offset }, sha256, cancellationToken);
    }

    public async ValueTask CommitAsync(Descriptor expected, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(expected);
        ThrowIfEnded();
        cancellationToken.ThrowIfCancellationRequested();
        Digest sha256 = Digest.FromHash(Digest.Sha256, _hash.GetCurrentHash());
        await CommitAsync(expected, sha256, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask SetTotalAsync(long? total, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(total ?? _offset, _offset, nameof(total));
        ThrowIfEnded();
        cancellationToken.ThrowIfCancellationRequested();
        Keep(_record with { Total = total });

        return default;
    }

    public async ValueTask TruncateAsync(long length, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _offset);
        ThrowIfEnded();
        cancellationToken.ThrowIfCancellationRequested();
        IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            await _file.HashAsync(hash, length, cancellationToken).ConfigureAwait(false);
            if (length < _record.Flushed)
            {
                // Before other bytes come where flushed ones were.
                Keep(_record with { Flushed = length }, isFlushed: true);
            }

            RandomAccess.SetLength(_file.Handle, length);
        }
        catch
        {
            hash.Dispose();
            throw;
        }

        _hash.Dispose();
        _hash = hash;
        _offset = length;
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfEnded();
        cancellationToken.ThrowIfCancellationRequested();
        Checkpoint();

        return default;
    }

    public override ValueTask AbortAsync(CancellationToken cancellationToken = default)
    {
        if (!_ended)
        {
            // Without the lock the file may be another holder's by now.
            ObjectDisposedException.ThrowIf(_disposed, this);
            Drop();
        }

        return default;
    }

    public override ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            if (!_ended && _writer.FlushesIngests && _offset > _record.Flushed)
            {
                TryCheckpoint();
            }

            _disposed = true;
            _hash.Dispose();
            _file.Dispose();
        }

        return default;
    }

    // Hashing takes longer than writing; for a large piece the two are worth a thread each.
    private async ValueTask AppendBothAsync(ReadOnlyMemory<byte> bytes)
    {
        Task written = Task.Run(() => _file.Write(bytes.Span, _offset));
        _hash.AppendData(bytes.Span);
        try
        {
            await written.ConfigureAwait(false);
        }
        catch
        {
            await HashFromStartAsync().ConfigureAwait(false);
            throw;
        }

        Advance(bytes.Length);
    }

    // The hash has taken in what the file has not.
    private async ValueTask HashFromStartAsync()
    {
        _ended = true;
        _hash.Dispose();
        _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await _file.HashAsync(_hash, _offset, CancellationToken.None).ConfigureAwait(false);
        _ended = false;
    }

    private void Advance(int count)
    {
        _offset += count;
        if (_writer.FlushesIngests && _offset - _record.Flushed >= CheckpointSize)
        {
            Checkpoint();
        }
    }

    private async ValueTask<Descriptor> CommitAsync(Descriptor expected, Digest sha256, CancellationToken cancellationToken)
    {
        if (!expected.Digest.CanVerify)
        {
            throw ContentVerificationException.CannotVerify(expected);
        }

        if (expected.Size != _offset || (Total ?? _offset) != _offset)
        {
            throw ContentVerificationException.OtherLength(
                expected.Size == _offset ? expected with { Size = Total!.Value } : expected, _offset);
        }

        Digest actual = expected.Digest.Algorithm == Digest.Sha256
            ? sha256
            : await _file.ComputeAsync(expected.Digest.Algorithm, _offset, cancellationToken).ConfigureAwait(false);
        if (actual != expected.Digest)
        {
            throw ContentVerificationException.Mismatch(expected, actual);
        }

        _file.CutTo(_offset);

        // Used from now on, however long ago it was written.
        BlobTimes.Touch(_file.Handle);
        if (_writer.FlushesIngests)
        {
            FlushOrDrop();
        }

        await _writer.NameAsync(_place.Path, actual).ConfigureAwait(false);
        File.Delete(_place.Record);
        _ended = true;

        // The lock went with the file to its final name, and would keep others from reading it.
        _file.Dispose();
        await _committed(expected, cancellationToken).ConfigureAwait(false);

        return expected;
    }

    private void Checkpoint()
    {
        FlushOrDrop();
        Keep(_record with { Flushed = _offset }, isFlushed: true);
    }

    // Nobody waits for it, and without it the ingest only starts earlier after a power cut; unless bytes were lost.
    private void TryCheckpoint()
    {
        try
        {
            Checkpoint();
        }
        catch (IOException)
        {
            // Flushing failed, and the ingest is gone; or its record could not be written, and is as it was.
        }
    }

    // After a flush that failed, nothing says which of the bytes the device has: a second one may succeed without them.
    private void FlushOrDrop()
    {
        try
        {
            BlobFile.Flush(_file.Handle, _place.Path);
        }
        catch (IOException)
        {
            Drop();
            throw;
        }
    }

    private void Drop()
    {
        File.Delete(_place.Path);
        File.Delete(_place.Record);
        _ended = true;
    }

    private void Keep(IngestRecord record, bool isFlushed = false)
    {
        if (record != _record || !File.Exists(_place.Record))
        {
            _writer.WriteBeside(_place.Record, record.ToBytes(), isFlushed);
            _record = record;
        }
    }

    private void ThrowIfEnded()
    {
        if (_ended)
        {
            throw new InvalidOperationException($"The ingest '{Key}' was committed or aborted.");
        }

        ObjectDisposedException.ThrowIf(_disposed, this);
    }
}
