using OciImage.Layers;

namespace OciImage.Bundles;

/// <summary>Tells what a bundle was made of.</summary>
/// <param name="Unpacked">What was unpacked into <c>rootfs</c>, and what was skipped and tolerated.</param>
/// <param name="Specification">What <c>config.json</c> says.</param>
public sealed record RuntimeBundleReport(UnpackReport Unpacked, RuntimeSpecification Specification);
