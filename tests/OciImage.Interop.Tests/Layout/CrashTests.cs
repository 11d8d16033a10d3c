using System.Diagnostics;
using System.Globalization;
using OciImage.Content;
using OciImage.Images;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests.Layout;

/// <summary>Processes that change a layout are killed at random moments; what they had done by then is there, and nothing else.</summary>
public sealed class CrashTests : IDisposable
{
    private const int AtOnce = 2;

    private static readonly int Rounds = Environment.GetEnvironmentVariable("OCIIMAGE_SOAK") == "1" ? 150 : 10;

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Path => _directory.Combine("layout");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Kill_DuringIngestPushTagAndCollection_LosesNothingThatWasDone() // S05
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Kills by signal.");
        var random = new Random(20261124);
        for (int round = 0; round < Rounds; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(
                number => RunAndKillAsync(number, (round * AtOnce) + number, random.Next(1, 150))));

            await AssertConsistentAsync();
        }

        await AssertSpaceComesBackAsync();
    }

    private async Task RunAndKillAsync(int number, int seed, int milliseconds)
    {
        string log = _directory.Combine($"log{seed}");
        using Process worker = PeerProcess.Start(
            System.IO.Path.Combine(AppContext.BaseDirectory, "OciImage.Interop.Tests"),
            ["-explicit", "only", "-method", $"{typeof(CrashWorker).FullName}.{nameof(CrashWorker.Run)}"],
            environment: new Dictionary<string, string?>
            {
                [CrashWorker.DirectoryVariable] = Path,
                [CrashWorker.LogVariable] = log,
                [CrashWorker.SeedVariable] = seed.ToString(CultureInfo.InvariantCulture),
            });
        try
        {
            // Half of them are past their first steps, however slow the machine is; the others may still make the layout.
            int begun = seed % 2 == 0 ? 1 : 20;
            while (!File.Exists(log) || new FileInfo(log).Length < begun)
            {
                Assert.False(worker.HasExited, worker.HasExited ? await worker.StandardOutput.ReadToEndAsync(Token) : "");
                await Task.Delay(5, Token);
            }

            // Any moment is as good as any other: that is what is tried.
            await Task.Delay(milliseconds + (number * 7), Token);
            Assert.False(worker.HasExited, worker.HasExited ? await worker.StandardOutput.ReadToEndAsync(Token) : "");
        }
        finally
        {
            worker.Kill();
            await worker.WaitForExitAsync(CancellationToken.None);
        }
    }

    private async Task AssertConsistentAsync()
    {
        OciLayout layout = await OciLayout.OpenAsync(Path, cancellationToken: Token);
        IReadOnlyList<Descriptor> entries = (await layout.ReadIndexAsync(Token)).Value.Manifests;

        // What the images name are no archives and no configurations; sizes, digests and presence are what counts here.
        CheckReport report = await ImageChecker.CheckAsync(
            layout, [.. entries, .. await layout.ListBlobsAsync(Token).ToListAsync(Token)], null, null, Token);
        Assert.DoesNotContain(report.Faults, fault => fault.Error is ContentVerificationException or ContentNotFoundException);

        Dictionary<string, string> tags = entries
            .Where(entry => entry.Annotations.ContainsKey(AnnotationKeys.RefName))
            .ToDictionary(entry => entry.Annotations[AnnotationKeys.RefName], entry => entry.Digest.ToString());
        HashSet<string> roots = [.. entries.Select(entry => entry.Digest.ToString())];
        string[] begun = [];
        foreach (string log in Directory.GetFiles(_directory.Path, "log*"))
        {
            string[][] lines = [.. File.ReadLines(log).Select(line => line.Split(' '))];
            ILookup<string, string[]> byWord = lines.ToLookup(words => words[0]);
            HashSet<string> untagging = [.. byWord["untagging"].Select(words => words[1])];
            Assert.All(byWord["rooted"], words => Assert.Contains(words[1], roots));
            Assert.All(
                byWord["tagged"].Where(words => !untagging.Contains(words[1])),
                words => Assert.Equal(words[2], tags.GetValueOrDefault(words[1])));
            Assert.All(byWord["untagged"], words => Assert.DoesNotContain(words[1], tags.Keys));
            begun = [.. begun, .. byWord["tagging"].Select(words => words[1])];
        }

        Assert.Empty(tags.Keys.Except(begun));
        Assert.DoesNotContain(
            Directory.EnumerateFiles(System.IO.Path.Combine(Path, "blobs"), "*", SearchOption.AllDirectories),
            file => System.IO.Path.GetFileName(file).Length != 64);
    }

    private async Task AssertSpaceComesBackAsync()
    {
        OciLayout layout = await OciLayout.OpenAsync(Path, cancellationToken: Token);
        string[] reached = [.. (await layout.ReadIndexAsync(Token)).Value.Manifests.Select(entry => entry.Digest.Encoded)];
        foreach (IngestStatus status in await layout.ListIngestsAsync(Token).ToListAsync(Token))
        {
            Assert.False(status.IsOpen);
            await using ContentIngest resumed = await layout.OpenIngestAsync(status.Key, Token);
            Assert.Equal(status.Offset, resumed.Offset);
        }

        layout.SweepIngests(TimeSpan.Zero, new LaterClock());
        foreach (string tag in await layout.ListReferencesAsync(Token).ToListAsync(Token))
        {
            await layout.UntagAsync(tag, Token);
        }

        foreach (Descriptor entry in (await layout.ReadIndexAsync(Token)).Value.Manifests)
        {
            await layout.DeleteAsync(entry, Token);
        }

        await layout.CollectAsync(new CollectionOptions { GracePeriod = TimeSpan.Zero }, Token);

        Assert.NotEmpty(reached);
        Assert.Empty(Directory.EnumerateFiles(System.IO.Path.Combine(Path, "blobs"), "*", SearchOption.AllDirectories));
        Assert.DoesNotContain(
            Directory.EnumerateFiles(System.IO.Path.Combine(Path, ".ociimage"), "*", SearchOption.AllDirectories),
            file => !file.EndsWith(".lock", StringComparison.Ordinal));
    }

    /// <summary>A clock a little ahead, for which what was written just now is old.</summary>
    private sealed class LaterClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromMinutes(1);
    }
}
