namespace OciImage;

/// <summary>Provides the annotation keys that image-spec 1.1.1 (annotations.md) defines.</summary>
public static class AnnotationKeys
{
    /// <summary>The time the image was built, as RFC 3339.</summary>
    public const string Created = "org.opencontainers.image.created";

    /// <summary>The people or organisation responsible for the image.</summary>
    public const string Authors = "org.opencontainers.image.authors";

    /// <summary>The URL to find more information on the image.</summary>
    public const string Url = "org.opencontainers.image.url";

    /// <summary>The URL of the documentation.</summary>
    public const string Documentation = "org.opencontainers.image.documentation";

    /// <summary>The URL of the source code.</summary>
    public const string Source = "org.opencontainers.image.source";

    /// <summary>The version of the packaged software.</summary>
    public const string Version = "org.opencontainers.image.version";

    /// <summary>The source control revision.</summary>
    public const string Revision = "org.opencontainers.image.revision";

    /// <summary>The name of the distributing entity.</summary>
    public const string Vendor = "org.opencontainers.image.vendor";

    /// <summary>The licences of the contained software, as an SPDX expression.</summary>
    public const string Licenses = "org.opencontainers.image.licenses";

    /// <summary>The name of the reference of a target; only meaningful on descriptors in <c>index.json</c>.</summary>
    public const string RefName = "org.opencontainers.image.ref.name";

    /// <summary>The title of the image; on layers of artifacts, the name of the file.</summary>
    public const string Title = "org.opencontainers.image.title";

    /// <summary>The description of the packaged software.</summary>
    public const string Description = "org.opencontainers.image.description";

    /// <summary>The digest of the image this one is based on.</summary>
    public const string BaseDigest = "org.opencontainers.image.base.digest";

    /// <summary>The reference of the image this one is based on.</summary>
    public const string BaseName = "org.opencontainers.image.base.name";

    /// <summary>The whole name of an image, as containerd and Docker look for it in the <c>index.json</c> of an archive.</summary>
    public const string ContainerdImageName = "io.containerd.image.name";
}
