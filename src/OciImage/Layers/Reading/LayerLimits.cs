using OciImage.Content;

namespace OciImage.Layers;

/// <summary>What holds when a layer is read, and who hears of it.</summary>
internal sealed record LayerLimits(long MaxEntries, long MaxBytes, int MaxRatio, IProgress<ContentProgress>? Progress = null)
{
    public static LayerLimits Of(UnpackOptions options) =>
        new(options.MaxEntries, options.MaxBytes, options.MaxRatio, options.Progress);
}
