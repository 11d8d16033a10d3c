namespace OciImage;

/// <summary>Says why a layer was refused.</summary>
public enum LayerErrorKind
{
    /// <summary>The archive or its compression is not well-formed.</summary>
    Malformed,

    /// <summary>An entry asks for something that is not allowed inside a root, such as a path above it.</summary>
    Unsafe,

    /// <summary>A limit was reached before the cost was paid.</summary>
    LimitExceeded,

    /// <summary>The layer uses a feature that is not supported.</summary>
    Unsupported,

    /// <summary>The uncompressed bytes have another digest than the DiffID in the image configuration.</summary>
    DiffIdMismatch,
}
