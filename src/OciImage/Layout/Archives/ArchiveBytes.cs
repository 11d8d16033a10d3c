using Microsoft.Win32.SafeHandles;

namespace OciImage.Layout;

/// <summary>The uncompressed bytes of an archive, read from any place by any number of readers.</summary>
internal abstract class ArchiveBytes : IAsyncDisposable
{
    public abstract long Length { get; }

    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken);

    public abstract int Read(Span<byte> buffer, long offset);

    public abstract ValueTask DisposeAsync();

    /// <summary>Reads a stream that can seek: a file from any place at once, another with one reader at a time that moves it.</summary>
    public static ArchiveBytes Of(Stream stream, bool leaveOpen) =>
        stream is FileStream file ? new FileBytes(file, leaveOpen) : new StreamBytes(stream, leaveOpen);

    private sealed class FileBytes(FileStream file, bool leaveOpen) : ArchiveBytes
    {
        private readonly SafeFileHandle _handle = file.SafeFileHandle;
        private readonly long _start = file.Position;

        public override long Length => RandomAccess.GetLength(_handle) - _start;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken) =>
            RandomAccess.ReadAsync(_handle, buffer, _start + offset, cancellationToken);

        public override int Read(Span<byte> buffer, long offset) => RandomAccess.Read(_handle, buffer, _start + offset);

        public override ValueTask DisposeAsync() => leaveOpen ? default : file.DisposeAsync();
    }

    private sealed class StreamBytes(Stream stream, bool leaveOpen) : ArchiveBytes
    {
        private readonly SemaphoreSlim _turn = new(1);
        private readonly long _start = stream.Position;

        public override long Length => stream.Length - _start;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken)
        {
            await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                stream.Position = _start + offset;
                return await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _turn.Release();
            }
        }

        public override int Read(Span<byte> buffer, long offset)
        {
            _turn.Wait();
            try
            {
                stream.Position = _start + offset;
                return stream.Read(buffer);
            }
            finally
            {
                _turn.Release();
            }
        }

        public override async ValueTask DisposeAsync()
        {
            if (!leaveOpen)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
