using System.Collections.Concurrent;
using OciImage.Content;
using OciImage.Layout;
using OciImage.Registry;
using OciImage.TestKit;

namespace OciImage.Server.Tests;

/// <summary>Large blobs in parts and referrers, from the library's own server through its own client into a layout.</summary>
public sealed class ClientRangeTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ConcurrentQueue<RegistryAction> _actions = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(4, 5)] // four parts of 256 KiB, and the byte that is left
    [InlineData(1, 1)]
    public async Task Copy_FetchesALargeBlobInParts(int ranges, int expected)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync(new RegistryServerOptions
        {
            Authorize = (access, _) =>
            {
                _actions.Enqueue(access.Action);
                return new(RegistryDecision.Allow);
            },
        });
        byte[] bytes = TestContent.Bytes((1024 * 1024) + 1);
        Descriptor blob = await registry.PushBlobAsync(bytes);
        using var client = new RegistryClient(new RegistryOptions { Scheme = RegistryScheme.Http });
        OciLayout layout = await OciLayout.OpenOrCreateAsync(
            _directory.Combine("layout"), new OciLayoutOptions { Durability = Durability.None }, TestRegistry.Cancelled);
        _actions.Clear();

        await ContentCopy.CopyAsync(
            client.GetRepository(registry.Server.Host, "a/b"), layout, blob,
            new CopyOptions { RangesPerBlob = ranges, ParallelRangeThreshold = 1024 * 1024 }, TestRegistry.Cancelled);

        Assert.Equal(bytes, await TestContent.ReadAsync(layout, blob));
        Assert.Equal(expected, _actions.Count);
    }
}
