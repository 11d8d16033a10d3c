namespace OciImage;

/// <summary>Provides the media types of image-spec 1.1.1 (media-types.md) and of Docker's image manifest version 2, schema 2.</summary>
public static class MediaTypes
{
    /// <summary>An OCI content descriptor.</summary>
    public const string Descriptor = "application/vnd.oci.descriptor.v1+json";

    /// <summary>The <c>oci-layout</c> file of a layout directory.</summary>
    public const string LayoutHeader = "application/vnd.oci.layout.header.v1+json";

    /// <summary>An OCI image index.</summary>
    public const string ImageIndex = "application/vnd.oci.image.index.v1+json";

    /// <summary>An OCI image manifest.</summary>
    public const string ImageManifest = "application/vnd.oci.image.manifest.v1+json";

    /// <summary>An OCI image configuration.</summary>
    public const string ImageConfig = "application/vnd.oci.image.config.v1+json";

    /// <summary>An OCI layer: an uncompressed tar.</summary>
    public const string Layer = "application/vnd.oci.image.layer.v1.tar";

    /// <summary>An OCI layer: a tar compressed with gzip.</summary>
    public const string LayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";

    /// <summary>An OCI layer: a tar compressed with zstd.</summary>
    public const string LayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";

    /// <summary>A deprecated OCI layer that must not be distributed: an uncompressed tar.</summary>
    public const string NonDistributableLayer = "application/vnd.oci.image.layer.nondistributable.v1.tar";

    /// <summary>A deprecated OCI layer that must not be distributed: a tar compressed with gzip.</summary>
    public const string NonDistributableLayerGzip = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";

    /// <summary>A deprecated OCI layer that must not be distributed: a tar compressed with zstd.</summary>
    public const string NonDistributableLayerZstd = "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd";

    /// <summary>The two bytes <c>{}</c>, which stand where content is required and there is none.</summary>
    public const string Empty = "application/vnd.oci.empty.v1+json";

    /// <summary>A Docker manifest list.</summary>
    public const string DockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json";

    /// <summary>A Docker image manifest, schema 2.</summary>
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

    /// <summary>A Docker image configuration.</summary>
    public const string DockerConfig = "application/vnd.docker.container.image.v1+json";

    /// <summary>A Docker layer: an uncompressed tar.</summary>
    public const string DockerLayer = "application/vnd.docker.image.rootfs.diff.tar";

    /// <summary>A Docker layer: a tar compressed with gzip.</summary>
    public const string DockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";

    /// <summary>A Docker layer: a tar compressed with zstd, as some builders write it.</summary>
    public const string DockerLayerZstd = "application/vnd.docker.image.rootfs.diff.tar.zstd";

    /// <summary>A Docker layer that is fetched from elsewhere: a tar compressed with gzip.</summary>
    public const string DockerForeignLayerGzip = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

    /// <summary>A Docker layer that is fetched from elsewhere: an uncompressed tar.</summary>
    public const string DockerForeignLayer = "application/vnd.docker.image.rootfs.foreign.diff.tar";

    /// <summary>A Docker image manifest, schema 1, which is recognised and refused.</summary>
    public const string DockerManifestSchema1 = "application/vnd.docker.distribution.manifest.v1+json";

    /// <summary>A signed Docker image manifest, schema 1, which is recognised and refused.</summary>
    public const string DockerManifestSchema1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws";

    /// <summary>Tells whether a media type is that of an image index or a Docker manifest list.</summary>
    /// <param name="mediaType">The media type.</param>
    /// <returns><see langword="true"/> for an index.</returns>
    public static bool IsIndex(string? mediaType) => mediaType is ImageIndex or DockerManifestList;

    /// <summary>Tells whether a media type is that of an image manifest, OCI's or Docker's schema 2.</summary>
    /// <param name="mediaType">The media type.</param>
    /// <returns><see langword="true"/> for a manifest of one image or artifact.</returns>
    public static bool IsManifest(string? mediaType) => mediaType is ImageManifest or DockerManifest;

    /// <summary>Tells whether a media type is one that a registry keeps as a manifest rather than as a blob.</summary>
    /// <param name="mediaType">The media type.</param>
    /// <returns><see langword="true"/> for manifests and indexes, also of Docker's schema 1.</returns>
    public static bool IsManifestOrIndex(string? mediaType) =>
        IsManifest(mediaType) || IsIndex(mediaType) || IsDockerSchema1(mediaType);

    /// <summary>Tells whether a media type is that of an image configuration, OCI's or Docker's.</summary>
    /// <param name="mediaType">The media type.</param>
    /// <returns><see langword="true"/> for an image configuration.</returns>
    public static bool IsImageConfig(string? mediaType) => mediaType is ImageConfig or DockerConfig;

    /// <summary>Tells whether a media type is that of a layer whose content is a tar, compressed or not.</summary>
    /// <param name="mediaType">The media type.</param>
    /// <returns><see langword="true"/> for a layer of OCI or Docker, distributable or not.</returns>
    public static bool IsLayer(string? mediaType) => mediaType is
        Layer or LayerGzip or LayerZstd or
        NonDistributableLayer or NonDistributableLayerGzip or NonDistributableLayerZstd or
        DockerLayer or DockerLayerGzip or DockerLayerZstd or DockerForeignLayer or DockerForeignLayerGzip;

    /// <summary>Tells whether a media type says that the content must not be distributed (image-spec layer.md).</summary>
    /// <param name="mediaType">The media type.</param>
    /// <returns><see langword="true"/> for non-distributable and foreign layers.</returns>
    public static bool IsNonDistributable(string? mediaType) => mediaType is
        NonDistributableLayer or NonDistributableLayerGzip or NonDistributableLayerZstd or
        DockerForeignLayer or DockerForeignLayerGzip;

    /// <summary>Tells whether a media type belongs to Docker's image manifest version 2.</summary>
    /// <param name="mediaType">The media type.</param>
    /// <returns><see langword="true"/> for Docker's types.</returns>
    public static bool IsDocker(string? mediaType) =>
        mediaType?.StartsWith("application/vnd.docker.", StringComparison.Ordinal) == true;

    internal static bool IsDockerSchema1(string? mediaType) =>
        mediaType is DockerManifestSchema1 or DockerManifestSchema1Signed;
}
