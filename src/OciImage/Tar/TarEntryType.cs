namespace OciImage.Tar;

/// <summary>Says what an entry of an archive is.</summary>
public enum TarEntryType
{
    /// <summary>A regular file, whose content follows.</summary>
    RegularFile,

    /// <summary>Another name of a file that stands earlier.</summary>
    HardLink,

    /// <summary>A symbolic link.</summary>
    SymbolicLink,

    /// <summary>A character device.</summary>
    CharacterDevice,

    /// <summary>A block device.</summary>
    BlockDevice,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A named pipe.</summary>
    Fifo,
}
