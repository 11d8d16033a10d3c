namespace OciImage.Layers;

/// <summary>What an entry did to a merged tree.</summary>
/// <param name="Parent">The directory that the entry stands in, or <see langword="null"/> where it made nothing.</param>
/// <param name="Name">The name in that directory.</param>
/// <param name="Node">What has the name now.</param>
/// <param name="Link">Whether it is a second name of something that was there.</param>
internal readonly record struct MergeResult(MergedDirectory? Parent, byte[] Name, MergedNode? Node, MergedLink? Link = null)
{
    public static MergeResult Nothing { get; } = new(null, [], null);
}
