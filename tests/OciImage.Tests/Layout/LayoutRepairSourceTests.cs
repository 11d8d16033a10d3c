using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;

namespace OciImage.Tests.Layout;

/// <summary>Sources of a repair that fail in other ways than by lying.</summary>
public sealed class LayoutRepairSourceTests : IDisposable
{
    private static readonly byte[] Content = TestContent.Bytes(100_000);
    private static readonly Descriptor Blob = Descriptor.Create(TestContent.Unknown, Content);

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(50_000)]
    public async Task Repair_AsksTheNextSource_WhereADeviceFails(int readable)
    {
        OciLayout layout = await CreateAsync();
        var whole = new MemoryStore();
        await TestImage.PushAsync(whole, TestContent.Unknown, Content);

        RepairResult result = await layout.RepairAsync(Blob, [new FailingSource(readable), whole], Token);

        Assert.Equal(RepairOutcome.Repaired, result.Outcome);
        Assert.Equal(Content, await TestContent.ReadAsync(layout, Blob));
    }

    [Fact]
    public async Task Repair_TellsTheFailure_WhereNoOtherSourceHasIt()
    {
        OciLayout layout = await CreateAsync();

        RepairResult result = await layout.RepairAsync(Blob, [new FailingSource(50_000), new MemoryStore(), new FailingSource(0)], Token);

        Assert.Equal(RepairOutcome.Missing, result.Outcome);
        Assert.IsType<IOException>(result.Error);
        Assert.False(await layout.ExistsAsync(Blob, Token));
        Assert.Empty(Directory.GetFiles(Path.Combine(layout.DirectoryPath, ".ociimage"), "*.tmp"));
    }

    private async Task<OciLayout> CreateAsync() => await OciLayout.OpenOrCreateAsync(
        _directory.Combine("layout"), new OciLayoutOptions { Durability = Durability.None }, Token);

    /// <summary>Gives some bytes, and then what a broken disk gives.</summary>
    private sealed class FailingSource(int readable) : IContentFetcher
    {
        public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
            readable == 0
                ? throw new IOException("Input/output error")
                : new(new ContentStream(new FailingStream(Content[..readable]), descriptor));
    }

    private sealed class FailingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            await base.ReadAsync(buffer, cancellationToken) is > 0 and var read ? read : throw new IOException("Input/output error");
    }
}
