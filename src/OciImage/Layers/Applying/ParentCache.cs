using OciImage.Linux;

namespace OciImage.Layers;

/// <summary>Keeps the directory of the last entry open, since most entries have the same parent as the one before.</summary>
/// <remarks>
/// A cached resolution is only true while no link and no directory on its way changes. Whoever makes a symbolic link, or
/// removes anything, calls <see cref="Invalidate"/> (CVE-2025-47290). The handle itself stays open until the next one comes, so
/// that whoever works with it is not surprised.
/// </remarks>
internal sealed class ParentCache : IDisposable
{
    private DirectoryHandle? _directory;
    private byte[] _path = [];
    private bool _stale;

    public DirectoryHandle? TryGet(byte[] path) =>
        _directory is not null && !_stale && path.AsSpan().SequenceEqual(_path) ? _directory : null;

    public DirectoryHandle Set(byte[] path, DirectoryHandle directory)
    {
        _directory?.Dispose();
        _directory = directory;
        _path = path;
        _stale = false;

        return directory;
    }

    public void Invalidate() => _stale = true;

    public void Dispose() => _directory?.Dispose();
}
