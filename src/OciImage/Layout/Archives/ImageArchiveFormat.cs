namespace OciImage.Layout;

/// <summary>Names what an archive of images is.</summary>
public enum ImageArchiveFormat
{
    /// <summary>An OCI layout with a <c>manifest.json</c> beside it, which Docker, podman and containerd all load.</summary>
    Hybrid,

    /// <summary>An OCI layout alone (image-spec 1.1.1, image-layout.md).</summary>
    Oci,

    /// <summary>Docker's <c>manifest.json</c> alone, as <c>docker save</c> wrote it before Docker 25.</summary>
    Docker,
}
