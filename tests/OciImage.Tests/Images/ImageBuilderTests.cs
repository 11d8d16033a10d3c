using System.Text;
using OciImage.Content;
using OciImage.Images;
using OciImage.Layers;
using OciImage.TestKit;

namespace OciImage.Tests.Images;

public sealed class ImageBuilderTests
{
    private static readonly Platform Amd64 = Platform.Parse("linux/amd64");
    private static readonly DateTimeOffset Epoch = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    private readonly MemoryStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task BuildAsync_WritesTheCanonicalConfiguration()
    {
        WrittenLayer layer = await TestImage.AddLayerAsync(_store, "a", "1");

        Descriptor built = await ImageBuilder
            .FromScratch(Amd64)
            .AddLayer(layer, "add a")
            .AddHistory("set the command")
            .Configure(config => config with { Cmd = ["/a"] })
            .WithAuthor("someone")
            .WithCreated(Epoch)
            .BuildAsync(_store, cancellationToken: Token);

        ContainerImage image = await ContainerImage.OpenAsync(_store, built, cancellationToken: Token);
        Assert.Equal(
            """{"created":"2023-11-14T22:13:20Z","author":"someone","architecture":"amd64","os":"linux",""" +
            $$$"""
            "config":{"Cmd":["/a"]},"rootfs":{"type":"layers","diff_ids":["{{{layer.DiffId}}}"]},
            """ +
            """
            "history":[{"created":"2023-11-14T22:13:20Z","created_by":"add a"},
            """ +
            """
            {"created":"2023-11-14T22:13:20Z","created_by":"set the command","empty_layer":true}]}
            """,
            Encoding.UTF8.GetString(image.Config.Bytes.Span));
    }

    [Fact]
    public async Task BuildAsync_GivesTheSameBytesForTheSameCalls()
    {
        WrittenLayer layer = await TestImage.AddLayerAsync(_store, "a", "1");
        ImageBuilder Build(params string[] keys)
        {
            ImageBuilder builder = ImageBuilder.FromScratch(Amd64).AddLayer(layer, "x").WithCreated(Epoch);
            foreach (string key in keys)
            {
                builder.WithAnnotation(key, "v");
            }

            return builder;
        }

        Descriptor first = await Build("a", "b").BuildAsync(_store, cancellationToken: Token);
        Descriptor second = await Build("b", "a").BuildAsync(new CountingStore(_store), cancellationToken: Token);

        Assert.Equal(first, second);
    }

    [Fact]
    public async Task BuildAsync_HasNoTimeWhereNoneWasGiven()
    {
        Descriptor built = await ImageBuilder.FromScratch(Amd64).BuildAsync(_store, cancellationToken: Token);

        ContainerImage image = await ContainerImage.OpenAsync(_store, built, cancellationToken: Token);
        Assert.Null(image.Config.Value.Created);
    }

    [Fact]
    public async Task BuildAsync_CarriesTheLayersOfTheBase()
    {
        ContainerImage origin = await BuildBaseAsync();
        var target = new MemoryStore();
        WrittenLayer top = await TestImage.AddLayerAsync(target, "b", "2");

        await ImageBuilder.From(origin).AddLayer(top).BuildAsync(target, "derived", Token);

        ContainerImage image = await ContainerImage.OpenAsync(target, "derived", cancellationToken: Token);
        Assert.Equal([.. origin.Layers, new LayerToApply(top.Descriptor, top.DiffId)], image.Layers);
        Assert.True(await target.ExistsAsync(origin.Layers[0].Descriptor, Token));
        Assert.Equal(
            origin.Manifest.Descriptor.Digest.ToString(), image.Manifest.Value.Annotations[AnnotationKeys.BaseDigest]);
    }

    [Fact]
    public async Task BuildAsync_InheritsSettingsAndUnknownFieldsOfTheBase()
    {
        ContainerImage origin = await OpenBaseAsync(
            """{"os":"linux","architecture":"amd64","x-unknown":{"a":[1.50]},"config":{"Env":["A=1"],"Odd":true},"rootfs":{"type":"layers","diff_ids":["DIFF"]}}""");

        Descriptor built = await ImageBuilder
            .From(origin)
            .Configure(config => config with { Env = [.. config.Env, "B=2"] })
            .BuildAsync(_store, cancellationToken: Token);

        ContainerImage image = await ContainerImage.OpenAsync(_store, built, cancellationToken: Token);
        string json = Encoding.UTF8.GetString(image.Config.Bytes.Span);
        Assert.Contains("\"Env\":[\"A=1\",\"B=2\"],\"Odd\":true", json, StringComparison.Ordinal);
        Assert.Contains("\"x-unknown\":{\"a\":[1.50]}", json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BuildAsync_AddsTheHistoryThatABaseLacks()
    {
        ContainerImage origin = await OpenBaseAsync(
            """{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["DIFF"]}}""");
        WrittenLayer top = await TestImage.AddLayerAsync(_store, "b", "2");

        Descriptor built = await ImageBuilder.From(origin).AddLayer(top, "mine").BuildAsync(_store, cancellationToken: Token);

        ContainerImage image = await ContainerImage.OpenAsync(_store, built, cancellationToken: Token);
        Assert.Equal(2, image.Config.Value.History.Count(entry => !entry.EmptyLayer));
        Assert.Equal("mine", image.Config.Value.History[^1].CreatedBy);
    }

    [Fact]
    public async Task BuildAsync_DoesNotBelieveAHistoryOfMoreLayersThanThereAre()
    {
        ContainerImage origin = await OpenBaseAsync(
            """{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["DIFF"]},"history":[{"created_by":"a"},{"created_by":"b"}]}""");

        Descriptor built = await ImageBuilder.From(origin).BuildAsync(_store, cancellationToken: Token);

        ContainerImage image = await ContainerImage.OpenAsync(_store, built, cancellationToken: Token);
        Assert.Null(Assert.Single(image.Config.Value.History).CreatedBy);
    }

    [Fact]
    public async Task BuildAsync_StaysADockerImageOnADockerBase()
    {
        ContainerImage origin = await OpenBaseAsync(
            """{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["DIFF"]}}""",
            docker: true);
        WrittenLayer top = await TestImage.AddLayerAsync(_store, "b", "2");

        Descriptor built = await ImageBuilder.From(origin).AddLayer(top).BuildAsync(_store, cancellationToken: Token);

        ContainerImage image = await ContainerImage.OpenAsync(_store, built, cancellationToken: Token);
        Assert.Equal(MediaTypes.DockerManifest, built.MediaType);
        Assert.Equal(MediaTypes.DockerConfig, image.Manifest.Value.Config.MediaType);
        Assert.All(image.Layers, layer => Assert.Equal(MediaTypes.DockerLayerGzip, layer.Descriptor.MediaType));
        Assert.Empty(image.Manifest.Value.Annotations);
        Assert.Throws<InvalidOperationException>(() => ImageBuilder.From(origin).WithAnnotation("a", "b"));
    }

    [Fact]
    public async Task BuildAsync_RefusesALayerThatIsNotAtTheTarget()
    {
        WrittenLayer elsewhere = await TestImage.AddLayerAsync(new MemoryStore(), "a", "1");

        var error = await Assert.ThrowsAsync<ContentNotFoundException>(
            async () => await ImageBuilder.FromScratch(Amd64).AddLayer(elsewhere).BuildAsync(_store, "v1", Token));

        Assert.Equal(elsewhere.Descriptor.Digest, error.Digest);
        await Assert.ThrowsAsync<ContentNotFoundException>(async () => await _store.ResolveAsync("v1", Token));
    }

    [Fact]
    public async Task BuildAsync_RefusesATagWhereTheTargetHasNone()
    {
        await Assert.ThrowsAsync<NotSupportedException>(
            async () => await ImageBuilder.FromScratch(Amd64).BuildAsync(new CountingStore(_store), "v1", Token));
    }

    [Fact]
    public async Task BuildAsync_WritesTheManifestLast()
    {
        ContainerImage origin = await BuildBaseAsync();
        var target = new CountingStore(new MemoryStore());

        Descriptor built = await ImageBuilder.From(origin).BuildAsync(target, cancellationToken: Token);

        Assert.Equal(3, target.Pushed.Count);
        Assert.Equal(built.ToContentDescriptor(), target.Pushed[^1]);
    }

    [Fact]
    public void AddLayer_RefusesWhatIsNoLayer()
    {
        var noLayer = new WrittenLayer(Descriptor.Create(MediaTypes.ImageConfig, "{}"u8), Digest.Compute("x"u8), 1);
        var noDiffId = new WrittenLayer(Descriptor.Create(MediaTypes.LayerGzip, "x"u8), default, 1);
        ImageBuilder builder = ImageBuilder.FromScratch(Amd64);

        Assert.Throws<ArgumentException>(() => builder.AddLayer(noLayer));
        Assert.Throws<ArgumentException>(() => builder.AddLayer(noDiffId));
        Assert.Throws<ArgumentException>(() => builder.Configure(_ => null!));
    }

    private async Task<ContainerImage> BuildBaseAsync()
    {
        WrittenLayer layer = await TestImage.AddLayerAsync(_store, "a", "1");
        Descriptor built = await ImageBuilder
            .FromScratch(Amd64)
            .AddLayer(layer, "base")
            .BuildAsync(_store, cancellationToken: Token);

        return await ContainerImage.OpenAsync(_store, built, cancellationToken: Token);
    }

    private async Task<ContainerImage> OpenBaseAsync(string config, bool docker = false)
    {
        WrittenLayer layer = await TestImage.AddLayerAsync(
            _store, "a", "1", docker ? MediaTypes.DockerLayerGzip : MediaTypes.LayerGzip);
        string json = config.Replace("DIFF", layer.DiffId.ToString(), StringComparison.Ordinal);
        var manifest = OciDocument<ImageManifest>.Create(new ImageManifest
        {
            MediaType = docker ? MediaTypes.DockerManifest : MediaTypes.ImageManifest,
            Config = await TestImage.PushAsync(_store, docker ? MediaTypes.DockerConfig : MediaTypes.ImageConfig, json),
            Layers = [layer.Descriptor],
        });
        Descriptor root = await TestImage.PushAsync(_store, manifest.Descriptor.MediaType, manifest.Bytes);

        return await ContainerImage.OpenAsync(_store, root, cancellationToken: Token);
    }

    /// <summary>A store without tags or mounts that remembers what was written, in order.</summary>
    private sealed class CountingStore(IContentStore inner) : IContentStore
    {
        public List<Descriptor> Pushed { get; } = [];

        public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
            inner.OpenReadAsync(descriptor, cancellationToken);

        public ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
            inner.ExistsAsync(descriptor, cancellationToken);

        public ValueTask PushAsync(
            Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default)
        {
            lock (Pushed)
            {
                Pushed.Add(descriptor);
            }

            return inner.PushAsync(descriptor, content, cancellationToken);
        }
    }
}
