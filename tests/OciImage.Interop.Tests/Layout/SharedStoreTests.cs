using System.Globalization;
using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests.Layout;

/// <summary>Many processes push, tag, lease and collect in one layout; nothing that has a name is lost, and nothing else stays.</summary>
public sealed class SharedStoreTests : IDisposable
{
    private const string WorkerDirectory = "OCIIMAGE_TEST_STORE_DIRECTORY";
    private const string WorkerNumber = "OCIIMAGE_TEST_STORE_WORKER";
    private const string WorkerSeconds = "OCIIMAGE_TEST_STORE_SECONDS";
    private const int Workers = 8;
    private const int Images = 24;

    private static readonly string[] Namespaces = ["default", "k8s.io", "moby"];

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Store_SharedByEightProcessesLosesNothingAndKeepsNothingElse()
    {
        string seconds = Environment.GetEnvironmentVariable("OCIIMAGE_SOAK") == "1" ? "60" : "10";
        OciLayout layout = await OpenAsync(_directory.Combine("store"));

        PeerResult[] results = await Task.WhenAll(Enumerable.Range(0, Workers).Select(number => PeerProcess.RunAsync(
            Path.Combine(AppContext.BaseDirectory, "OciImage.Interop.Tests"),
            ["-explicit", "only", "-method", $"{typeof(SharedStoreTests).FullName}.{nameof(Worker)}"],
            environment: new Dictionary<string, string?>
            {
                [WorkerDirectory] = layout.DirectoryPath,
                [WorkerNumber] = number.ToString(CultureInfo.InvariantCulture),
                [WorkerSeconds] = seconds,
            },
            cancellationToken: Token)));

        Assert.All(results, result => Assert.True(result.ExitCode == 0, result.Output + result.Error));
        HashSet<Digest> expected = await VerifyAllAsync(layout);
        MakeOld(layout);
        CollectionReport report = await layout.CollectAsync(new CollectionOptions { GracePeriod = TimeSpan.FromHours(1) }, Token);
        string blobs = Path.Combine(layout.DirectoryPath, "blobs", "sha256");
        Assert.NotEmpty(expected);
        Assert.Equal(
            expected.Order(), Directory.GetFiles(blobs).Select(path => Digest.Parse($"sha256:{Path.GetFileName(path)}")).Order());
        Assert.Equal((0, 0, 0), (report.Missing.Count, report.Damaged.Count, report.Holds));
        Assert.All(
            Directory.GetFiles(Path.Combine(layout.DirectoryPath, ".ociimage")),
            path => Assert.EndsWith(".lock", path, StringComparison.Ordinal));
    }

    /// <summary>What each of the processes does that the test above starts.</summary>
    [Fact(Explicit = true)]
    public async Task Worker()
    {
        string? directory = Environment.GetEnvironmentVariable(WorkerDirectory);
        Assert.SkipWhen(directory is null, "Only runs as a process of another test.");
        int number = int.Parse(Environment.GetEnvironmentVariable(WorkerNumber)!, CultureInfo.InvariantCulture);
        var time = TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable(WorkerSeconds)!, CultureInfo.InvariantCulture));
        var random = new Random(number);
        var source = new MemoryStore();
        var images = new List<Descriptor>();
        for (int i = 0; i < Images; i++)
        {
            images.Add(await MakeImageAsync(source, i));
        }

        OciLayout layout = await OpenAsync(directory);
        long started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < time)
        {
            OciLayout own = layout.InNamespace(Namespaces[random.Next(Namespaces.Length)]);
            Descriptor image = images[random.Next(Images)];
            string tag = $"docker.io/library/t{random.Next(10)}:v1";
            await PassOverLosersAsync(() => random.Next(12) switch
            {
                < 4 => ContentCopy.CopyGraphAsync(source, own, image, tag, cancellationToken: Token).AsTask(),
                < 6 => own.UntagAsync(tag, Token).AsTask(),
                6 => RetagAsync(own, tag, random.Next(10)),
                7 => LeaseAsync(source, own, image, isKept: random.Next(8) == 0),
                8 => PushByHandAsync(source, own, image, tag),
                9 => own.DeleteAsync(image, Token).AsTask(),
                _ => own.CollectAsync(
                    new CollectionOptions
                    {
                        GracePeriod = TimeSpan.Zero,
                        PruneUntagged = random.Next(2) == 0 ? PruneScope.AllNamespaces : PruneScope.None,
                    },
                    Token).AsTask(),
            });
        }
    }

    // A name that another process took away first, or content that nobody held: the loser finds nothing, and changes nothing.
    private static async Task PassOverLosersAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (ContentNotFoundException)
        {
            // As above.
        }
    }

    private static async Task RetagAsync(OciLayout layout, string from, int to) =>
        await layout.TagAsync(await layout.ResolveAsync(from, Token), $"docker.io/library/t{to}:v1", Token);

    private static async Task LeaseAsync(MemoryStore source, OciLayout layout, Descriptor image, bool isKept)
    {
        LayoutLease lease = await layout.Leases.CreateAsync(cancellationToken: Token);
        using (layout.Hold())
        {
            await ContentCopy.CopyGraphAsync(source, layout, image, cancellationToken: Token);
            await layout.Leases.AddAsync(lease.Id, [image], Token);
        }

        await foreach (Descriptor content in ContentCopy.WalkAsync(layout, image, cancellationToken: Token))
        {
            await ReadAsync(layout, content);
        }

        if (!isKept)
        {
            await layout.Leases.DeleteAsync(lease.Id, Token);
        }
    }

    private static async Task PushByHandAsync(MemoryStore source, OciLayout layout, Descriptor image, string tag)
    {
        using IDisposable hold = layout.Hold();
        await foreach (Descriptor content in ContentCopy.WalkAsync(source, image, cancellationToken: Token))
        {
            await layout.PushAsync(content, ReplayableContent.FromFetcher(source, content), Token);
        }

        await layout.TagAsync(image, tag, Token);
    }

    // Even ones are images, odd ones indexes of two of them; all share layers, and every fifth names another as its subject.
    private static async Task<Descriptor> MakeImageAsync(MemoryStore store, int number)
    {
        Descriptor first = await MakeManifestAsync(store, number, null);
        if (number % 5 == 0)
        {
            return await MakeManifestAsync(store, 1000 + number, first);
        }

        return number % 2 == 0 ? first : await TestContent.PushIndexAsync(store, [first, await MakeManifestAsync(store, number / 2, null)]);
    }

    private static async Task<Descriptor> MakeManifestAsync(MemoryStore store, int number, Descriptor? subject)
    {
        Descriptor config = await TestImage.PushAsync(store, MediaTypes.ImageConfig, $$"""{"number":{{number}}}""");
        Descriptor shared = await TestImage.PushAsync(store, MediaTypes.LayerGzip, $"shared by some: {number % 3}");
        Descriptor own = await TestImage.PushAsync(store, MediaTypes.LayerGzip, new string((char)('a' + (number % 26)), 20_000 + number));
        return await TestContent.PushManifestAsync(store, config, [shared, own], manifest => manifest with { Subject = subject });
    }

    private static async Task<HashSet<Digest>> VerifyAllAsync(OciLayout layout)
    {
        var reached = new HashSet<Digest>();
        foreach (Descriptor entry in (await layout.ReadIndexAsync(Token)).Value.Manifests)
        {
            await foreach (Descriptor content in ContentCopy.WalkAsync(layout, entry, cancellationToken: Token))
            {
                await ReadAsync(layout, content);
                reached.Add(content.Digest);
            }
        }

        return reached;
    }

    private static async Task ReadAsync(OciLayout layout, Descriptor content)
    {
        await using ContentStream stream = await layout.OpenReadAsync(content, Token);
        await stream.CompleteAsync(Token);
    }

    private static void MakeOld(OciLayout layout)
    {
        foreach (string path in Directory.GetFiles(Path.Combine(layout.DirectoryPath, "blobs"), "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(path, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        }
    }

    private static async Task<OciLayout> OpenAsync(string directory) =>
        await OciLayout.OpenOrCreateAsync(directory, new OciLayoutOptions { Durability = Durability.None }, Token);
}
