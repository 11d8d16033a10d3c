using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;

namespace OciImage.Tests.Layout;

public sealed class LayoutIngestTests : IDisposable
{
    private static readonly byte[] Content = TestContent.Bytes(700_000);
    private static readonly Descriptor Expected = Descriptor.Create(TestContent.Unknown, Content);

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Unfinished => _directory.Combine("layout", ".ociimage");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task ListIngests_TellsKeysOffsetsTotalsAndWhoIsOpen()
    {
        OciLayout layout = await CreateAsync();
        DateTimeOffset before = DateTimeOffset.UtcNow - TimeSpan.FromSeconds(1);
        await using (ContentIngest left = await layout.OpenIngestAsync("b", Token))
        {
            await left.AppendAsync(Content.AsMemory(0, 1000), Token);
            await ((IResumableIngest)left).SetTotalAsync(700_000, Token);
        }

        await using ContentIngest open = await layout.OpenIngestAsync("a", Token);
        await open.AppendAsync(Content.AsMemory(0, 10), Token);

        List<IngestStatus> found = await layout.ListIngestsAsync(Token).ToListAsync(Token);

        Assert.Equal([("a", 10L, null, true), ("b", 1000L, (long?)700_000, false)], found.Select(s => (s.Key, s.Offset, s.Total, s.IsOpen)));
        Assert.All(found, status => Assert.InRange(status.StartedAt!.Value, before, status.UpdatedAt + TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task OpenIngest_GoesOnUnderTheSameStartAndTotal()
    {
        OciLayout layout = await CreateAsync();
        DateTimeOffset started;
        await using (ContentIngest first = await layout.OpenIngestAsync("k", Token))
        {
            started = ((IResumableIngest)first).StartedAt;
            await first.AppendAsync(Content.AsMemory(0, 400_000), Token);
            await ((IResumableIngest)first).SetTotalAsync(Content.Length, Token);
        }

        await using ContentIngest second = await (await CreateAsync()).OpenIngestAsync("k", Token);
        var resumed = (IResumableIngest)second;
        await second.AppendAsync(Content.AsMemory(400_000), Token);
        await resumed.CommitAsync(Expected, Token);

        Assert.Equal((started, (long?)Content.Length), (resumed.StartedAt, resumed.Total));
        Assert.Equal(Content, await TestContent.ReadAsync(layout, Expected));
        Assert.Empty(Directory.GetFiles(Unfinished, "*.state"));
    }

    [Fact]
    public async Task Truncate_GoesBackToAnOffset()
    {
        OciLayout layout = await CreateAsync();
        await using ContentIngest ingest = await layout.OpenIngestAsync("k", Token);
        await ingest.AppendAsync(Content.AsMemory(0, 300_000), Token);
        await ingest.AppendAsync(TestContent.Bytes(5000), Token);

        await ((IResumableIngest)ingest).TruncateAsync(300_000, Token);
        await ingest.AppendAsync(Content.AsMemory(300_000), Token);
        Descriptor committed = await ingest.CommitAsync(TestContent.Unknown, cancellationToken: Token);

        Assert.Equal(Expected, committed);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await ((IResumableIngest)ingest).TruncateAsync(0, Token));
    }

    [Fact]
    public async Task Commit_RefusesAnotherSizeAndAnotherTotal()
    {
        OciLayout layout = await CreateAsync();
        await using ContentIngest ingest = await layout.OpenIngestAsync("k", Token);
        var sized = (IResumableIngest)ingest;
        await ingest.AppendAsync(Content.AsMemory(0, 100), Token);
        Descriptor part = Descriptor.Create(TestContent.Unknown, Content.AsSpan(0, 100));

        await Assert.ThrowsAsync<ContentVerificationException>(async () => await sized.CommitAsync(part with { Size = 101 }, Token));
        await sized.SetTotalAsync(200, Token);
        await Assert.ThrowsAsync<ContentVerificationException>(async () => await sized.CommitAsync(part, Token));
        await Assert.ThrowsAsync<ContentVerificationException>(async () => await ingest.CommitAsync("a/b", null, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await sized.SetTotalAsync(99, Token));
        await sized.SetTotalAsync(100, Token);
        await sized.CommitAsync(part, Token);

        Assert.True(await layout.ExistsAsync(part, Token));
    }

    [Fact]
    public async Task Abort_ByKeyRemovesWhatNobodyHasOpen()
    {
        OciLayout layout = await CreateAsync();
        ContentIngest open = await layout.OpenIngestAsync("k", Token);
        await open.AppendAsync(Content.AsMemory(0, 100), Token);
        await Assert.ThrowsAsync<IOException>(async () => await layout.AbortIngestAsync("k", Token));
        await open.DisposeAsync();

        bool aborted = await layout.AbortIngestAsync("k", Token);
        bool again = await layout.AbortIngestAsync("k", Token);

        Assert.Equal((true, false), (aborted, again));
        Assert.Empty(await layout.ListIngestsAsync(Token).ToListAsync(Token));
        Assert.DoesNotContain(Directory.GetFiles(Unfinished), file => !file.EndsWith(".lock", StringComparison.Ordinal));
    }

    // After a power cut the length of a file may be there without its bytes. S12
    [Theory]
    [InlineData(Durability.Full, 500_000)] // flushed when it was disposed
    [InlineData(Durability.Batched, 0)]
    [InlineData(Durability.None, 0)]
    public async Task OpenIngest_AfterTheSystemEndedGoesOnFromWhatWasFlushed(Durability durability, long expected)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere a run of the system has no name.");
        OciLayout layout = await CreateAsync(durability);
        await using (ContentIngest first = await layout.OpenIngestAsync("k", Token))
        {
            await first.AppendAsync(Content.AsMemory(0, 500_000), Token);
        }

        PretendThatTheSystemStartedAnew();
        using (FileStream unflushed = File.Open(Assert.Single(Directory.GetFiles(Unfinished, "*.ingest")), FileMode.Append))
        {
            unflushed.Write(new byte[1000]);
        }

        IngestStatus? status = await layout.GetIngestStatusAsync("k", Token);
        await using ContentIngest second = await layout.OpenIngestAsync("k", Token);
        await second.AppendAsync(Content.AsMemory((int)second.Offset), Token);
        await ((IResumableIngest)second).CommitAsync(Expected, Token);

        Assert.Equal(expected, status?.Offset);
        Assert.Equal(Content, await TestContent.ReadAsync(layout, Expected));
    }

    [Fact]
    public async Task Flush_KeepsAPlaceToGoOnFromAtAnyLevel()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere a run of the system has no name.");
        OciLayout layout = await CreateAsync();
        await using (ContentIngest first = await layout.OpenIngestAsync("k", Token))
        {
            await first.AppendAsync(Content.AsMemory(0, 1000), Token);
            await ((IResumableIngest)first).FlushAsync(Token);
            await first.AppendAsync(Content.AsMemory(1000, 1000), Token);
        }

        PretendThatTheSystemStartedAnew();
        await using ContentIngest second = await layout.OpenIngestAsync("k", Token);

        Assert.Equal(1000, second.Offset);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"key":"other","startedAt":"2026-01-01T00:00:00Z","flushed":5}""")]
    [InlineData("""{"key":"k","startedAt":"2026-01-01T00:00:00Z","flushed":-5}""")]
    public async Task OpenIngest_WithoutARecordStartsOver(string record)
    {
        OciLayout layout = await CreateAsync();
        await using (ContentIngest first = await layout.OpenIngestAsync("k", Token))
        {
            await first.AppendAsync(Content.AsMemory(0, 1000), Token);
        }

        File.WriteAllText(Assert.Single(Directory.GetFiles(Unfinished, "*.state")), record);
        await using ContentIngest second = await layout.OpenIngestAsync("k", Token);

        Assert.Equal(0, second.Offset);
    }

    [Theory]
    [InlineData(-2, true)] // older than the grace period
    [InlineData(0, false)]
    [InlineData(+400, true)] // written under a clock that was wrong
    public async Task FirstWrite_RemovesWhatOthersLeftLongAgo(int days, bool removed)
    {
        OciLayout layout = await CreateAsync();
        await using (ContentIngest left = await layout.OpenIngestAsync("left", Token))
        {
            await left.AppendAsync(Content.AsMemory(0, 1000), Token);
        }

        File.WriteAllText(Path.Combine(Unfinished, "x.tmp"), "left");
        foreach (string file in Directory.GetFiles(Unfinished))
        {
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(days));
        }

        OciLayout other = await CreateAsync();
        await TestImage.PushAsync(other, "a/b", "first");

        Assert.Equal(removed, await other.GetIngestStatusAsync("left", Token) is null);
        Assert.Equal(!removed, File.Exists(Path.Combine(Unfinished, "x.tmp")));
    }

    [Fact]
    public async Task FirstWrite_LeavesWhatIsOpenHoweverOldItIs()
    {
        OciLayout layout = await CreateAsync();
        await using ContentIngest open = await layout.OpenIngestAsync("open", Token);
        await open.AppendAsync(Content.AsMemory(0, 1000), Token);
        File.SetLastWriteTimeUtc(Assert.Single(Directory.GetFiles(Unfinished, "*.ingest")), DateTime.UtcNow.AddDays(-30));

        await TestImage.PushAsync(await CreateAsync(), "a/b", "first");
        await open.AppendAsync(Content.AsMemory(1000), Token);
        await ((IResumableIngest)open).CommitAsync(Expected, Token);

        Assert.Equal(Content, await TestContent.ReadAsync(layout, Expected));
    }

    [Fact]
    public async Task SweepIngests_RemovesTheRecordToo()
    {
        OciLayout layout = await CreateAsync();
        await using (ContentIngest left = await layout.OpenIngestAsync("left", Token))
        {
            await left.AppendAsync(Content.AsMemory(0, 1000), Token);
        }

        long freed = layout.SweepIngests(TimeSpan.FromDays(1), new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(2)));

        Assert.Equal(1000, freed);
        Assert.Empty(Directory.GetFiles(Unfinished, "*.state"));
    }

    // The names of temporary files cannot be foreseen, and are made exclusively. S07
    [Fact]
    public async Task TemporaryFiles_HaveNamesThatNobodyCanGuess()
    {
        OciLayout layout = await CreateAsync();
        var names = new HashSet<string>();
        using var watcher = new FileSystemWatcher(Unfinished, "*.tmp");
        var seen = new TaskCompletionSource();
        watcher.Created += (_, made) =>
        {
            lock (names)
            {
                names.Add(made.Name!);
                if (names.Count >= 3)
                {
                    seen.TrySetResult();
                }
            }
        };
        watcher.EnableRaisingEvents = true;

        for (int i = 0; i < 3; i++)
        {
            await TestImage.PushAsync(layout, "a/b", $"content {i}");
        }

        await seen.Task.WaitAsync(TimeSpan.FromSeconds(30), Token);
        lock (names)
        {
            Assert.All(names, name => Assert.True(Guid.TryParseExact(Path.GetFileNameWithoutExtension(name), "N", out _), name));
        }
    }

    private void PretendThatTheSystemStartedAnew()
    {
        string path = Assert.Single(Directory.GetFiles(Unfinished, "*.state"));
        JsonNode record = JsonNode.Parse(File.ReadAllText(path))!;
        record["boot"] = "another";
        File.WriteAllText(path, record.ToJsonString());
    }

    private ValueTask<OciLayout> CreateAsync(Durability durability = Durability.None) => OciLayout.OpenOrCreateAsync(
        _directory.Combine("layout"), new OciLayoutOptions { Durability = durability }, Token);
}
