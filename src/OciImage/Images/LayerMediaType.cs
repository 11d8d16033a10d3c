using OciImage.Compression;

namespace OciImage.Images;

/// <summary>Translates layer media types between OCI and Docker; the bytes are the same.</summary>
internal static class LayerMediaType
{
    private static readonly (string Oci, string Docker)[] Pairs =
    [
        (MediaTypes.Layer, MediaTypes.DockerLayer),
        (MediaTypes.LayerGzip, MediaTypes.DockerLayerGzip),
        (MediaTypes.LayerZstd, MediaTypes.DockerLayerZstd),
        (MediaTypes.NonDistributableLayer, MediaTypes.DockerForeignLayer),
        (MediaTypes.NonDistributableLayerGzip, MediaTypes.DockerForeignLayerGzip),
    ];

    /// <summary>Returns the media type of a layer of a family that anybody may distribute.</summary>
    public static string Of(CompressionFormat compression, bool docker) => (compression, docker) switch
    {
        (CompressionFormat.None, false) => MediaTypes.Layer,
        (CompressionFormat.None, true) => MediaTypes.DockerLayer,
        (CompressionFormat.Zstd, false) => MediaTypes.LayerZstd,
        (CompressionFormat.Zstd, true) => MediaTypes.DockerLayerZstd,
        (_, false) => MediaTypes.LayerGzip,
        (_, true) => MediaTypes.DockerLayerGzip,
    };

    /// <summary>Returns the layer with the media type of the family, or as it is where the family has none for it.</summary>
    public static Descriptor In(Descriptor layer, bool docker)
    {
        foreach ((string oci, string dockerType) in Pairs)
        {
            if (layer.MediaType == (docker ? oci : dockerType))
            {
                return layer with { MediaType = docker ? dockerType : oci };
            }
        }

        return layer;
    }
}
