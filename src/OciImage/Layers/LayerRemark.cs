namespace OciImage.Layers;

/// <summary>Something that was skipped, changed or tolerated while layers were applied.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Message">What was found, and what became of it: a sentence without line ends.</param>
/// <param name="Path">
/// The path or the name that it is about, bytes that are not UTF-8 as U+FFFD, or <see langword="null"/> where it is about a layer
/// as a whole.
/// </param>
/// <param name="Layer">The digest of the layer that it was found in, or <see langword="null"/> where it is about the whole tree.</param>
public sealed record LayerRemark(LayerRemarkKind Kind, string Message, string? Path = null, Digest? Layer = null)
{
    /// <summary>Returns the message.</summary>
    /// <returns>The message.</returns>
    public override string ToString() => Message;
}
