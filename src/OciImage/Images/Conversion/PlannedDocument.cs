namespace OciImage.Images;

/// <summary>A manifest or an index of the source, and what shall become of it.</summary>
internal abstract class PlannedDocument(Descriptor original, ReadOnlyMemory<byte> bytes)
{
    /// <summary>Gets the media type, digest and size at the source.</summary>
    public Descriptor Original { get; } = original.ToContentDescriptor();

    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    /// <summary>Gets what the document refers to by its subject.</summary>
    public abstract Digest? Subject { get; }

    /// <summary>Gets or sets whether it is written anew; what is not is carried as it is, with all below it.</summary>
    public bool IsChanged { get; set; }

    /// <summary>Gets or sets the media type that it shall have.</summary>
    public string MediaType { get; set; } = original.MediaType;

    /// <summary>Gets or sets why it cannot be said in Docker's format, or <see langword="null"/>.</summary>
    public string? NoDockerForm { get; set; }

    /// <summary>Gets or sets whether its subject, which is changed, shall be the changed one.</summary>
    public bool FollowsSubject { get; set; }

    /// <summary>Gets whether it becomes Docker's, and has to do without what only OCI's has.</summary>
    public bool BecomesDocker => MediaTypes.IsDocker(MediaType) && !MediaTypes.IsDocker(Original.MediaType);
}
