using System.Globalization;
using System.Text;
using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;

namespace OciImage.Interop.Tests.Layout;

/// <summary>A process that changes a layout until it is killed, and writes down what was done before it goes on.</summary>
public sealed class CrashWorker
{
    internal const string DirectoryVariable = "OCIIMAGE_TEST_CRASH_DIRECTORY";
    internal const string LogVariable = "OCIIMAGE_TEST_CRASH_LOG";
    internal const string SeedVariable = "OCIIMAGE_TEST_CRASH_SEED";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What each process does.</summary>
    [Fact(Explicit = true)]
    public async Task Run()
    {
        string? directory = Environment.GetEnvironmentVariable(DirectoryVariable);
        Assert.SkipWhen(directory is null, "Only runs as a process of another test.");
        int seed = int.Parse(Environment.GetEnvironmentVariable(SeedVariable)!, CultureInfo.InvariantCulture);
        using var log = new FileStream(Environment.GetEnvironmentVariable(LogVariable)!, FileMode.Append, FileAccess.Write, FileShare.Read, 0);
        OciLayout layout = await OciLayout.OpenOrCreateAsync(
            directory, new OciLayoutOptions { Durability = (Durability)(seed % 3) }, Token);
        Write(log, "ready");
        var random = new Random(seed);
        var tagged = new List<string>();
        for (int i = 0; ; i++)
        {
            string name = $"{seed}-{i}";
            switch (random.Next(8))
            {
                case 0 when tagged.Count > 0:
                    string old = tagged[random.Next(tagged.Count)];
                    tagged.Remove(old);
                    Write(log, $"untagging {old}");
                    await layout.UntagAsync(old, Token);
                    Write(log, $"untagged {old}");
                    break;
                case 1:
                    await layout.CollectAsync(new CollectionOptions { GracePeriod = TimeSpan.FromSeconds(1) }, Token);
                    break;
                case 2 or 3:
                    await IngestAsync(layout, log, name, random);
                    break;
                default:
                    Descriptor image = await TestContent.PushImageAsync(layout, name);
                    Write(log, $"tagging {name}");
                    await layout.TagAsync(image, name, Token);
                    tagged.Add(name);
                    Write(log, $"tagged {name} {image.Digest}");
                    break;
            }
        }
    }

    private static async Task IngestAsync(OciLayout layout, FileStream log, string name, Random random)
    {
        byte[] bytes = TestContent.Bytes(random.Next(1, 400_000));
        bytes[0] = (byte)random.Next(256);
        await using ContentIngest ingest = await layout.OpenIngestAsync($"ingest-{name}", Token);
        for (int offset = 0; offset < bytes.Length; offset += 150_000)
        {
            await ingest.AppendAsync(bytes.AsMemory(offset, Math.Min(150_000, bytes.Length - offset)), Token);
        }

        if (random.Next(4) == 0)
        {
            return; // left to be resumed
        }

        Descriptor committed = await ingest.CommitAsync(TestContent.Unknown, null, Token);
        await layout.AddRootAsync(committed, Token);
        Write(log, $"rooted {committed.Digest}");
    }

    // A write of the system's own buffers survives the process.
    private static void Write(FileStream log, string line) => log.Write(Encoding.UTF8.GetBytes(line + '\n'));
}
