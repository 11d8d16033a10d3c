namespace OciImage.Images;

/// <summary>Names the family of media types that an image has.</summary>
public enum ImageFormat
{
    /// <summary>Those of image-spec 1.1.1.</summary>
    Oci,

    /// <summary>Those of Docker's image manifest version 2, schema 2.</summary>
    Docker,
}
