namespace OciImage.Layers;

/// <summary>A file or a directory with all below it, and where it stands in the layer.</summary>
/// <param name="SourcePath">The path of the file or directory; a symbolic link at its end is followed.</param>
/// <param name="DestinationPath">The path in the layer, such as <c>/app</c>; <c>/</c> puts a directory's content at the root.</param>
public sealed record LayerInput(string SourcePath, string DestinationPath);
