using OciImage.Content;

namespace OciImage.Server.Tests;

/// <summary>One store under every name.</summary>
internal sealed class SingleRepository(IImageStore store) : IRepositoryProvider
{
    public ValueTask<IImageStore?> GetAsync(string name, bool create, CancellationToken cancellationToken = default) =>
        new(store);

    public IAsyncEnumerable<string> ListAsync(CancellationToken cancellationToken = default) =>
        new[] { "a/b" }.ToAsyncEnumerable();
}
