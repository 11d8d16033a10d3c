namespace OciImage.Compression;

/// <summary>Names how bytes are compressed.</summary>
public enum CompressionFormat
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>With gzip (RFC 1952), in one member or many.</summary>
    Gzip,

    /// <summary>With zstd (RFC 8878), in one frame or many.</summary>
    Zstd,

    /// <summary>With xz; read only.</summary>
    Xz,

    /// <summary>With bzip2; read only.</summary>
    Bzip2,
}
