#pragma warning disable // Stub: replaced by its owner.
namespace OciImage.Content;

public sealed class CopyOptions
{
    public int MaxConcurrency { get; set; } = 3;
    public IReadOnlyList<Platform> Platforms { get; set; } = [];
    public bool Sparse { get; set; }
    public bool ForceRecursive { get; set; }
    public IImageVerifier? Verifier { get; set; }
    public IProgress<ContentProgress>? Progress { get; set; }
    public DocumentOptions Documents { get; set; } = new();
}

public static class ContentCopy
{
    /// <summary>Copies one piece of content, without what it refers to.</summary>
    public static ValueTask CopyAsync(IContentFetcher source, IContentStore target, Descriptor descriptor, CopyOptions? options = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    /// <summary>Copies a root with all below it, children first, then tags it when reference is given. Returns what was tagged (another descriptor than root where Platforms narrowed it).</summary>
    public static ValueTask<Descriptor> CopyGraphAsync(IContentFetcher source, IContentStore target, Descriptor root, string? reference = null, CopyOptions? options = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    /// <summary>Walks root and all below, each once, children before parents.</summary>
    public static IAsyncEnumerable<Descriptor> WalkAsync(IContentFetcher source, Descriptor root, CancellationToken cancellationToken = default) => throw new NotImplementedException();
}
