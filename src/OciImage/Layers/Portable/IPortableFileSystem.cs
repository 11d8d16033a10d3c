using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>What every system's file system can do, by paths; what it cannot do it says.</summary>
internal interface IPortableFileSystem
{
    NameRules Rules { get; }

    bool Exists(string path);

    /// <summary>Makes a directory that only its owner can enter.</summary>
    void CreateDirectory(string path);

    /// <summary>Makes a file that is not there yet.</summary>
    Stream CreateFile(string path);

    void CopyFile(string from, string to);

    /// <summary>Makes a symbolic link; returns whether the system let it.</summary>
    bool TryCreateLink(string path, string target, bool toDirectory);

    /// <summary>Sets the mode, where there are modes, and the time as far as the system can say it.</summary>
    void SetMetadata(string path, bool isDirectory, int mode, TarTimestamp time);

    void Move(string from, string to);

    void Delete(string directory);
}
