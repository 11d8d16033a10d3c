using System.Buffers;

namespace OciImage.Tar;

/// <summary>Writes an archive in one fixed form: the same entries give the same bytes on every machine.</summary>
/// <remarks>
/// Headers are ustar where that can say everything, with an extended header before them where it cannot; extended headers
/// have a fixed name and their records in ordinal order. An instance is used by one writer at a time, and does not dispose its
/// target.
/// </remarks>
public sealed class TarWriter
{
    private static readonly byte[] Zeros = new byte[2 * TarBlock.Size];

    private readonly Stream _target;
    private long _contentLeft;
    private int _padding;
    private bool _completed;

    /// <summary>Initializes a new instance over a stream.</summary>
    /// <param name="target">Where the uncompressed archive goes; it stays open.</param>
    public TarWriter(Stream target)
    {
        ArgumentNullException.ThrowIfNull(target);
        _target = target;
    }

    /// <summary>Writes the header of an entry. The content of a regular file follows, exactly as many bytes as its size says.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="cancellationToken">Cancels the writing; the archive is of no use after that.</param>
    /// <returns>A task that ends when the header is written.</returns>
    /// <exception cref="LayerException">The entry has something that an archive cannot hold, such as a NUL in its name.</exception>
    /// <exception cref="InvalidOperationException">Content of the last entry is missing, or the archive is complete.</exception>
    public async ValueTask WriteEntryAsync(TarEntry entry, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ThrowIfUnfinished();
        var header = new ArrayBufferWriter<byte>(2 * TarBlock.Size);
        TarHeaderWriter.Write(header, entry);
        await _target.WriteAsync(header.WrittenMemory, cancellationToken).ConfigureAwait(false);
        _contentLeft = entry.Size;
        _padding = (int)(-entry.Size & (TarBlock.Size - 1));
    }

    /// <summary>Writes content of the current entry.</summary>
    /// <param name="bytes">The bytes, not kept after the call.</param>
    /// <param name="cancellationToken">Cancels the writing; the archive is of no use after that.</param>
    /// <returns>A task that ends when the bytes are written.</returns>
    /// <exception cref="InvalidOperationException">There would be more content than the entry's size says.</exception>
    public async ValueTask WriteContentAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        if (bytes.Length > _contentLeft)
        {
            throw new InvalidOperationException($"The entry has {_contentLeft} bytes left, not {bytes.Length}.");
        }

        await _target.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        _contentLeft -= bytes.Length;
        if (_contentLeft == 0 && _padding > 0)
        {
            int padding = _padding;
            _padding = 0;
            await _target.WriteAsync(Zeros.AsMemory(0, padding), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes the two blocks of zeros that end an archive.</summary>
    /// <param name="cancellationToken">Cancels the writing.</param>
    /// <returns>A task that ends when they are written.</returns>
    /// <exception cref="InvalidOperationException">Content of the last entry is missing, or the archive is complete.</exception>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfUnfinished();
        _completed = true;
        await _target.WriteAsync(Zeros, cancellationToken).ConfigureAwait(false);
    }

    private void ThrowIfUnfinished()
    {
        if (_completed)
        {
            throw new InvalidOperationException("The archive is complete.");
        }

        if (_contentLeft > 0)
        {
            throw new InvalidOperationException($"The last entry lacks {_contentLeft} bytes of content.");
        }
    }
}
