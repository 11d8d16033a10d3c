namespace OciImage.Tar;

/// <summary>An extended attribute of an entry.</summary>
/// <param name="Name">The name with its namespace, such as <c>security.capability</c>; not empty, without NUL.</param>
/// <param name="Value">The value, any bytes.</param>
public readonly record struct TarXattr(ReadOnlyMemory<byte> Name, ReadOnlyMemory<byte> Value);
