namespace OciImage.Linux;

/// <summary>Stands in one directory of a tree, and goes down and up again with one open handle, however deep the tree is.</summary>
/// <remarks>Going up must lead to where the cursor came from; a tree that somebody moves meanwhile is refused.</remarks>
internal sealed class DirectoryCursor(DirectoryHandle start) : IDisposable
{
    private readonly Stack<(byte[] Name, ulong Inode)> _above = new();

    /// <summary>Gets the directory, open until the cursor moves on.</summary>
    public DirectoryHandle Current { get; private set; } = start.Duplicate();

    /// <summary>Gets how far below the start the cursor is.</summary>
    public int Depth => _above.Count;

    /// <summary>Gets the name of the directory in the one above.</summary>
    public byte[] Name => _above.Peek().Name;

    /// <summary>Goes into a directory.</summary>
    /// <exception cref="IOException">There is none of that name.</exception>
    public void Enter(byte[] name)
    {
        int error = Current.TryOpenDirectory(name, out DirectoryHandle? next);
        if (error != 0)
        {
            throw LinuxError.Of(error, "Opening", name);
        }

        _above.Push((name, Current.Inode));
        Current.Dispose();
        Current = next!;
    }

    /// <summary>Goes up to where the cursor came from.</summary>
    /// <exception cref="IOException">Somebody moved the directory meanwhile.</exception>
    public void Leave()
    {
        (byte[] name, ulong inode) = _above.Pop();
        int error = Current.TryOpenDirectory(".."u8, out DirectoryHandle? parent);
        if (error != 0)
        {
            throw LinuxError.Of(error, "Leaving", name);
        }

        Current.Dispose();
        Current = parent!;
        if (parent!.Inode != inode)
        {
            throw LinuxError.Of(LinuxError.Stale, "Leaving", name);
        }
    }

    public void Dispose() => Current.Dispose();
}
