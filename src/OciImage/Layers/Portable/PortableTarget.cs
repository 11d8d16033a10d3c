namespace OciImage.Layers;

/// <summary>The place of a tree that is made by paths: a directory beside the target, renamed at the end, gone on failure.</summary>
internal sealed class PortableTarget : IDisposable
{
    private readonly IPortableFileSystem _files;
    private readonly string _target;
    private readonly bool _force;

    private PortableTarget(IPortableFileSystem files, string target, bool force)
    {
        _files = files;
        _target = target;
        _force = force;
        string name = Path.GetFileName(target);
        Staging = Path.Combine(
            Path.GetDirectoryName(target)!, $".{name[..Math.Min(name.Length, 50)]}.unpack-{Guid.NewGuid():N}");
        Root = Path.Combine(Staging, "rootfs");
        files.CreateDirectory(Staging);
        files.CreateDirectory(Root);
    }

    public string Root { get; }

    private string Staging { get; }

    public static PortableTarget Prepare(IPortableFileSystem files, string targetDirectory, bool force)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(targetDirectory));
        string parent = Path.GetDirectoryName(path) ??
            throw new ArgumentException("The root of the system is no place to unpack to.", nameof(targetDirectory));
        if (File.Exists(path))
        {
            throw new IOException($"'{targetDirectory}' is a file.");
        }

        if (!force && Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
        {
            throw new IOException($"'{targetDirectory}' is not empty.");
        }

        Directory.CreateDirectory(parent);
        return new PortableTarget(files, path, force);
    }

    /// <summary>Gives the tree its name; what has it goes only once the tree is complete, and comes back on failure.</summary>
    public void Publish()
    {
        string? old = null;
        if (Directory.Exists(_target))
        {
            if (!_force && Directory.EnumerateFileSystemEntries(_target).Any())
            {
                throw new IOException($"'{_target}' is not empty any more.");
            }

            old = Path.Combine(Staging, "old");
            _files.Move(_target, old);
        }

        try
        {
            _files.Move(Root, _target);
        }
        catch when (old is not null)
        {
            _files.Move(old, _target);
            throw;
        }

    }

    public void Dispose()
    {
        try
        {
            _files.Delete(Staging);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Disposing follows a failure that says more, or a success; the hidden directory is what is left.
        }
    }
}
