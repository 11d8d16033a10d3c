using OciImage.Content;
using OciImage.Registry;
using OciImage.TestKit;
using OciImage.TestKit.Registry;

namespace OciImage.Interop.Tests.Registry;

/// <summary>Connections are cut again and again while one large blob is on its way: it arrives, and little of it goes twice.</summary>
/// <remarks>The blob has 100 MB, and 1 GB where OCIIMAGE_SOAK is 1.</remarks>
[Collection(LargeTransferCollection.Name)]
public sealed class CutTransferTests : IDisposable
{
    // What was on its way when a connection was cut: buffers of the two sockets and of the proxy.
    private const long MaxOverlap = 1024 * 1024;
    private const int Cuts = 8;

    private static readonly long Size = Environment.GetEnvironmentVariable("OCIIMAGE_SOAK") == "1" ? 1_000_000_000 : 100_000_000;

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(TestedRegistry.Embedded, CutKind.End, 1)]
    [InlineData(TestedRegistry.Embedded, CutKind.Reset, 2)]
    [InlineData(TestedRegistry.Docker, CutKind.Either, 3)]
    public async Task Pull_GoesOnWhereItWasCut(string name, CutKind kind, int seed)
    {
        await using TestedRegistry registry = await TestedRegistry.StartAsync(name, _directory);
        GeneratedContent blob = await GeneratedContent.CreateAsync(seed, Size);
        using var client = new RegistryClient();
        await client.GetRepository(registry.Host, "cut/pull").PushAsync(blob.Descriptor, blob, Cancelled);
        await using var proxy = new CuttingProxy(registry.Host, Plan(kind, seed) with { MaxCutsToClient = Cuts });

        await using ContentStream stream =
            await client.GetRepository(proxy.Host, "cut/pull").OpenReadAsync(blob.Descriptor, Cancelled);
        await stream.CopyToAsync(Stream.Null, Cancelled);

        Assert.True(stream.IsVerified);
        Assert.Equal(Cuts, proxy.Cuts);
        Assert.InRange(proxy.BytesToClient, Size, Size + (Cuts * MaxOverlap));
    }

    [Theory]
    [InlineData(CutKind.End, 4)]
    [InlineData(CutKind.Reset, 5)]
    public async Task Push_GoesOnWhereItWasCut(CutKind kind, int seed)
    {
        await using TestedRegistry registry = await TestedRegistry.StartAsync(TestedRegistry.Embedded, _directory);
        GeneratedContent blob = await GeneratedContent.CreateAsync(seed, Size);
        using var client = new RegistryClient();
        await using var proxy = new CuttingProxy(registry.Host, Plan(kind, seed) with { MaxCutsToServer = Cuts });

        await client.GetRepository(proxy.Host, "cut/push").PushAsync(blob.Descriptor, blob, Cancelled);

        Assert.Equal(Cuts, proxy.Cuts);
        Assert.InRange(proxy.BytesToServer, Size, Size + (Cuts * MaxOverlap));
        await AssertPulledAsync(client, registry, blob.Descriptor, "cut/push");
    }

    // docker-registry loses the upload session at a cut, so everything goes again; the cuts are few.
    [Theory]
    [InlineData(CutKind.End, 6)]
    [InlineData(CutKind.Reset, 7)]
    public async Task Push_BeginsAnewWhereTheRegistryLosesTheSession(CutKind kind, int seed)
    {
        const int FewCuts = 2;
        await using TestedRegistry registry = await TestedRegistry.StartAsync(TestedRegistry.Docker, _directory);
        GeneratedContent blob = await GeneratedContent.CreateAsync(seed, Size);
        using var client = new RegistryClient();
        await using var proxy = new CuttingProxy(registry.Host, Plan(kind, seed) with { MaxCutsToServer = FewCuts });

        await client.GetRepository(proxy.Host, "cut/push").PushAsync(blob.Descriptor, blob, Cancelled);

        Assert.Equal(FewCuts, proxy.Cuts);
        Assert.InRange(proxy.BytesToServer, Size, (FewCuts + 1) * (Size + MaxOverlap));
        await AssertPulledAsync(client, registry, blob.Descriptor, "cut/push");
    }

    [Fact]
    public async Task Copy_OutlivesCutsAtBothEnds()
    {
        await using TestedRegistry from = await TestedRegistry.StartAsync(TestedRegistry.Embedded, _directory);
        await using TestedRegistry to = await TestedRegistry.StartAsync(TestedRegistry.Embedded, _directory);
        GeneratedContent blob = await GeneratedContent.CreateAsync(8, Size, MediaTypes.Layer);
        using var client = new RegistryClient();
        RepositoryClient direct = client.GetRepository(from.Host, "cut/copy");
        await direct.PushAsync(blob.Descriptor, blob, Cancelled);
        await direct.PushAsync(Descriptor.Empty, ReplayableContent.FromBytes("{}"u8.ToArray()), Cancelled);
        Descriptor manifest = await TestContent.PushManifestAsync(direct, Descriptor.Empty, [blob.Descriptor]);
        await using var source = new CuttingProxy(from.Host, Plan(CutKind.Either, 9) with { MaxCutsToClient = 3 });
        await using var target = new CuttingProxy(to.Host, Plan(CutKind.Either, 10) with { MaxCutsToServer = 3 });

        await ContentCopy.CopyGraphAsync(
            client.GetRepository(source.Host, "cut/copy"), client.GetRepository(target.Host, "cut/copy"), manifest, "v1",
            cancellationToken: Cancelled);

        Assert.Equal((3, 3), (source.Cuts, target.Cuts));
        await AssertPulledAsync(client, to, blob.Descriptor, "cut/copy");
    }

    private static CuttingPlan Plan(CutKind kind, int seed) =>
        new() { Seed = seed, Kind = kind, MinGap = Size / 50, MaxGap = Size / (Cuts + 2) };

    private static async Task AssertPulledAsync(
        RegistryClient client, TestedRegistry registry, Descriptor descriptor, string repository)
    {
        await using ContentStream stream =
            await client.GetRepository(registry.Host, repository).OpenReadAsync(descriptor, Cancelled);
        await stream.CopyToAsync(Stream.Null, Cancelled);

        Assert.True(stream.IsVerified);
    }
}
