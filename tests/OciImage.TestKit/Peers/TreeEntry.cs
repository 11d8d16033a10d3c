namespace OciImage.TestKit.Peers;

/// <summary>One path of a tree, as other programs see it.</summary>
public sealed record TreeEntry
{
    /// <summary>Gets the path, empty for the root.</summary>
    public required string Path { get; init; }

    /// <summary>Gets the type, a letter as find writes it.</summary>
    public required string Type { get; init; }

    /// <summary>Gets the permissions, in octal.</summary>
    public required string Mode { get; init; }

    /// <summary>Gets the user and the group, by number.</summary>
    public required string Owner { get; init; }

    /// <summary>Gets the time of the last change, in seconds and nanoseconds.</summary>
    public required string Time { get; init; }

    /// <summary>Gets the target of a symbolic link.</summary>
    public string Target { get; init; } = "";

    /// <summary>Gets the first path of the same inode, for what is no directory.</summary>
    public string First { get; init; } = "";

    /// <summary>Gets the size and the digest of a regular file, or the numbers of a device.</summary>
    public string Content { get; init; } = "";

    /// <summary>Gets the extended attributes, each <c>name=value</c>, in their order.</summary>
    public IReadOnlyList<string> Xattrs { get; init; } = [];

    /// <summary>Returns all of it on a line.</summary>
    public override string ToString() =>
        $"{Path} {Type} {Mode} {Owner} {Time} {(Type == "l" ? $"-> {Target}" : "")} = {First} {Content} [{string.Join(' ', Xattrs)}]";
}
