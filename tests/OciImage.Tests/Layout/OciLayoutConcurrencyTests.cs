using System.Diagnostics;
using System.Globalization;
using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Tests.Layout;

public sealed class OciLayoutConcurrencyTests : IDisposable
{
    private const string WorkerDirectory = "OCIIMAGE_TEST_WORKER_DIRECTORY";
    private const string WorkerNumber = "OCIIMAGE_TEST_WORKER_NUMBER";
    private const int TagsPerWorker = 40;

    private static readonly byte[] Shared = TestContent.Bytes(300_000);

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Write_FromSeveralProcesses_LosesNothing() // S06
    {
        OciLayout layout = await CreateAsync();

        PeerResult[] results = await Task.WhenAll(Enumerable.Range(0, 3).Select(number => PeerProcess.RunAsync(
            Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "OciImage.Tests.exe" : "OciImage.Tests"),
            ["-explicit", "only", "-method", $"{typeof(OciLayoutConcurrencyTests).FullName}.{nameof(Worker)}"],
            environment: new Dictionary<string, string?>
            {
                [WorkerDirectory] = layout.DirectoryPath,
                [WorkerNumber] = number.ToString(CultureInfo.InvariantCulture),
            },
            cancellationToken: Token)));

        Assert.All(results, result => Assert.True(result.ExitCode == 0, result.Output + result.Error));
        Assert.Equal(3 * TagsPerWorker, await layout.ListReferencesAsync(Token).CountAsync(Token));
        AssertEveryBlobIsWhole(layout);
    }

    /// <summary>What each of the processes does that the test above starts.</summary>
    [Fact(Explicit = true)]
    public async Task Worker()
    {
        string? directory = Environment.GetEnvironmentVariable(WorkerDirectory);
        Assert.SkipWhen(directory is null, "Only runs as a process of another test.");
        string? number = Environment.GetEnvironmentVariable(WorkerNumber);
        OciLayout layout = await OciLayout.OpenOrCreateAsync(directory, new OciLayoutOptions { Durability = Durability.None }, Token);
        Descriptor shared = Descriptor.Create(TestContent.Unknown, Shared);

        await Parallel.ForAsync(0, TagsPerWorker, Token, async (i, token) =>
        {
            await layout.PushAsync(shared, ReplayableContent.FromBytes(Shared), token);
            await layout.TagAsync(shared, $"worker{number}-{i}", token);
            await using ContentIngest? ingest = await TryOpenIngestAsync(layout, "shared-key");
            if (ingest is not null)
            {
                await ingest.AppendAsync(TestContent.Bytes($"{number}-{i}"), token);
                await ingest.CommitAsync(TestContent.Unknown, null, token);
            }
        });
    }

    [Fact]
    public async Task Tag_WaitsForAnotherProcessUntilTimeIsUp()
    {
        OciLayout layout = await CreateAsync(TimeSpan.FromMilliseconds(50));
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        using Process holder = await HoldLockAsync(layout);

        var error = await Assert.ThrowsAsync<IOException>(async () => await layout.TagAsync(image, "v1", Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            using var cancellation = new CancellationTokenSource(1);
            await layout.TagAsync(image, "v1", cancellation.Token);
        });
        IReadOnlyList<Descriptor> read = (await layout.ReadIndexAsync(Token)).Value.Manifests;
        holder.Kill();
        await holder.WaitForExitAsync(Token);

        Assert.Contains("index.lock", error.Message, StringComparison.Ordinal);
        Assert.Empty(read);
    }

    [Fact]
    public async Task Tag_IsNotKeptOutByAProcessThatDied()
    {
        OciLayout layout = await CreateAsync();
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        using Process holder = await HoldLockAsync(layout);

        Task tagging = layout.TagAsync(image, "v1", Token).AsTask();
        bool waited = !tagging.IsCompleted;
        holder.Kill();
        await tagging;

        Assert.True(waited);
        Assert.Equal(["v1"], await layout.ListReferencesAsync(Token).ToListAsync(Token));
    }

    [Fact]
    public async Task Ingest_OfOneKeyByManyAtOnce_NeverReachesIntoABlob()
    {
        OciLayout layout = await CreateAsync();
        int next = 0;

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < 500; i++)
            {
                await using ContentIngest? ingest = await TryOpenIngestAsync(layout, "key");
                if (ingest is null)
                {
                    continue;
                }

                Assert.Equal(0, ingest.Offset);
                await ingest.AppendAsync(BitConverter.GetBytes(Interlocked.Increment(ref next)), Token);
                await (i % 5 == 0 ? ingest.AbortAsync(Token).AsTask() : ingest.CommitAsync("a/b", null, Token).AsTask());
            }
        })));

        AssertEveryBlobIsWhole(layout);
    }

    [Fact]
    public async Task Sweep_DuringWrites_TakesNothingThatIsInUse()
    {
        OciLayout layout = await CreateAsync();
        using var done = new CancellationTokenSource();
        Task sweeping = Task.Run(
            () =>
            {
                while (!done.IsCancellationRequested)
                {
                    layout.SweepIngests(TimeSpan.Zero);
                }
            },
            Token);

        await Parallel.ForAsync(0, 500, Token, async (i, token) =>
        {
            Descriptor descriptor = TestContent.Describe($"content {i}");
            await layout.PushAsync(descriptor, TestContent.Of($"content {i}"), token);
            await using ContentIngest ingest = await layout.OpenIngestAsync($"key{i}", token);
            await ingest.AppendAsync(TestContent.Bytes($"ingest {i}"), token);
            await ingest.CommitAsync("a/b", null, token);
        });
        await done.CancelAsync();
        await sweeping;

        AssertEveryBlobIsWhole(layout);
        Assert.Equal(1000, Directory.GetFiles(Path.Combine(layout.DirectoryPath, "blobs", "sha256")).Length);
    }

    [Fact]
    public async Task Open_ByManyAtOnce_MakesOneLayout()
    {
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            OciLayout layout = await CreateAsync();
            await layout.TagAsync(await TestContent.PushImageAsync(layout, $"image{i}"), $"v{i}", Token);
        })));

        OciLayout opened = await OciLayout.OpenAsync(_directory.Combine("layout"), cancellationToken: Token);
        Assert.Equal(16, await opened.ListReferencesAsync(Token).CountAsync(Token));
    }

    [Fact]
    public async Task Delete_AndTagAtOnce_LeavesNoTagWithoutContent()
    {
        OciLayout layout = await CreateAsync();
        for (int i = 0; i < 100; i++)
        {
            Descriptor image = await TestContent.PushImageAsync(layout, "a");

            Task tagging = Task.Run(async () => await layout.TagAsync(image, "v1", Token), Token);
            await layout.DeleteAsync(image, Token);
            await tagging.ContinueWith(_ => { }, Token, TaskContinuationOptions.None, TaskScheduler.Default);

            Assert.Empty(await layout.ListReferencesAsync(Token).ToListAsync(Token));
        }
    }

    private static async Task<ContentIngest?> TryOpenIngestAsync(OciLayout layout, string key)
    {
        try
        {
            return await layout.OpenIngestAsync(key, Token);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static void AssertEveryBlobIsWhole(OciLayout layout)
    {
        string[] blobs = Directory.GetFiles(Path.Combine(layout.DirectoryPath, "blobs", "sha256"));
        Assert.DoesNotContain(blobs, blob => Digest.Compute(File.ReadAllBytes(blob)).Encoded != Path.GetFileName(blob));
    }

    // Another program's lock, by the same system call; it holds it until its input ends.
    private static async Task<Process> HoldLockAsync(OciLayout layout)
    {
        string file = Path.Combine(layout.DirectoryPath, ".ociimage", "index.lock");
        Process holder = PeerProcess.Start(Peer.Require("flock").Path, ["--no-fork", file, "sh", "-c", "echo held; exec cat"]);
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync(Token));

        return holder;
    }

    private ValueTask<OciLayout> CreateAsync(TimeSpan? lockTimeout = null) => OciLayout.OpenOrCreateAsync(
        _directory.Combine("layout"),
        new OciLayoutOptions { Durability = Durability.None, LockTimeout = lockTimeout ?? TimeSpan.FromMinutes(1) },
        Token);
}
