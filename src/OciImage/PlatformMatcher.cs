namespace OciImage;

/// <summary>Chooses from an index the manifest for a platform, by containerd's rules.</summary>
/// <remarks>An instance never changes and may be used by many threads.</remarks>
public sealed class PlatformMatcher
{
    /// <summary>Initializes a new instance for a platform.</summary>
    /// <param name="platform">The platform wanted.</param>
    public PlatformMatcher(Platform platform)
    {
        ArgumentNullException.ThrowIfNull(platform);
        Platform = platform;
    }

    /// <summary>Gets a matcher for the platform that this process runs on, with <c>linux</c> as operating system on macOS.</summary>
    public static PlatformMatcher Current => throw new NotImplementedException();

    /// <summary>Gets the platform wanted.</summary>
    public Platform Platform { get; }

    /// <summary>Tells whether content for a platform runs on the platform wanted.</summary>
    /// <param name="candidate">The platform that the content is for.</param>
    /// <returns><see langword="true"/> when it runs.</returns>
    public bool Matches(Platform candidate) => throw new NotImplementedException();

    /// <summary>Chooses the best match; among equals the first wins (image-spec 1.1.1, image-index.md).</summary>
    /// <param name="manifests">The descriptors of an index.</param>
    /// <returns>The descriptor, or <see langword="null"/> where none matches.</returns>
    public Descriptor? Select(IEnumerable<Descriptor> manifests) => throw new NotImplementedException();
}
