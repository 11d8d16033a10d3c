using OciImage.Compression;
using OciImage.Tar;

namespace OciImage.Layout;

/// <summary>Writes the entries of an archive of images: always the same bytes for the same entries in the same order.</summary>
internal sealed class ArchiveOutput(Stream target, CompressionFormat compression, bool leaveOpen) : IAsyncDisposable
{
    private const int FileMode = 0x124; // octal 444
    private const int DirectoryMode = 0x1ED; // octal 755

    private readonly Stream _stream = compression == CompressionFormat.None
        ? target
        : LayerCompression.OpenCompressor(target, compression, leaveOpen: true);

    private readonly HashSet<string> _directories = new(StringComparer.Ordinal);
    private TarWriter? _writer;

    /// <summary>Gets whether what was written last can be taken back.</summary>
    public bool CanTakeBack => compression == CompressionFormat.None && target.CanSeek;

    private TarWriter Writer => _writer ??= new TarWriter(_stream);

    /// <summary>Writes a file of which the bytes follow from a stream, which must have as many as are promised.</summary>
    /// <exception cref="OciException">The source is not what it should be; the archive is as before where it <see cref="CanTakeBack"/>.</exception>
    public async ValueTask WriteAsync(string name, Stream source, long size, byte[] buffer, CancellationToken cancellationToken)
    {
        await WriteDirectoriesAsync(name, cancellationToken).ConfigureAwait(false);
        long start = CanTakeBack ? target.Position : 0;
        try
        {
            await Writer.WriteEntryAsync(Entry(name, TarEntryType.RegularFile, size, FileMode), cancellationToken).ConfigureAwait(false);
            int read;
            while ((read = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                await Writer.WriteContentAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            }
        }
        catch when (TakeBack(start))
        {
            throw;
        }
    }

    /// <summary>Writes a document.</summary>
    public async ValueTask WriteAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await WriteDirectoriesAsync(name, cancellationToken).ConfigureAwait(false);
        long start = CanTakeBack ? target.Position : 0;
        try
        {
            await Writer.WriteEntryAsync(
                Entry(name, TarEntryType.RegularFile, bytes.Length, FileMode), cancellationToken).ConfigureAwait(false);
            await Writer.WriteContentAsync(bytes, cancellationToken).ConfigureAwait(false);
        }
        catch when (TakeBack(start))
        {
            throw;
        }
    }

    /// <summary>Ends the archive; the target gets all of it.</summary>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        await Writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        if (compression != CompressionFormat.None)
        {
            await _stream.DisposeAsync().ConfigureAwait(false);
        }

        await target.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (compression != CompressionFormat.None)
        {
            try
            {
                await _stream.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception)
            {
                // The archive was given up; what failed before is what counts.
            }
        }

        if (!leaveOpen)
        {
            await target.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static TarEntry Entry(string name, TarEntryType type, long size, int mode) => new()
    {
        Type = type,
        Name = System.Text.Encoding.ASCII.GetBytes(name),
        Size = size,
        Mode = mode,
    };

    // Always false: the filter runs before anything else is written.
    private bool TakeBack(long start)
    {
        if (CanTakeBack)
        {
            try
            {
                target.SetLength(start);
                target.Position = start;
                _writer = null;
            }
            catch (Exception exception) when (exception is IOException or NotSupportedException or UnauthorizedAccessException)
            {
                IsBroken = true;
            }
        }
        else
        {
            IsBroken = true;
        }

        return false;
    }

    /// <summary>Gets whether part of an entry was written that cannot be taken back.</summary>
    public bool IsBroken { get; private set; }

    private async ValueTask WriteDirectoriesAsync(string name, CancellationToken cancellationToken)
    {
        for (int slash = name.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = name.IndexOf('/', slash + 1))
        {
            string directory = name[..(slash + 1)];
            if (_directories.Contains(directory))
            {
                continue;
            }

            long start = CanTakeBack ? target.Position : 0;
            try
            {
                await Writer.WriteEntryAsync(
                    Entry(directory, TarEntryType.Directory, 0, DirectoryMode), cancellationToken).ConfigureAwait(false);
            }
            catch when (TakeBack(start))
            {
                throw;
            }

            _directories.Add(directory);
        }
    }
}
