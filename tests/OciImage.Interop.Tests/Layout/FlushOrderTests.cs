using System.Text.RegularExpressions;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests.Layout;

/// <summary>What is flushed before what has a name, read from the system calls of a copy.</summary>
public sealed partial class FlushOrderTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Full_FlushesEachFileBeforeItsNameAndEachNameBeforeTheIndex() // S12
    {
        List<string> calls = await TraceCopyAsync("full");

        int index = calls.FindLastIndex(call => call.StartsWith("rename", StringComparison.Ordinal) && call.Contains("/index.json\"", StringComparison.Ordinal));
        int[] blobs = [.. calls.Index().Where(call => BlobName().IsMatch(call.Item)).Select(call => call.Index)];
        Assert.Equal(3, blobs.Length);
        foreach (int blob in blobs)
        {
            string temporary = Temporary().Match(calls[blob]).Value;
            Assert.InRange(calls.FindIndex(call => IsFlush(call, temporary)), 0, blob);
            Assert.InRange(calls.FindIndex(blob, call => IsFlush(call, "/blobs/sha256>")), blob, index);
        }

        string document = Temporary().Match(calls[index]).Value;
        Assert.InRange(calls.FindIndex(call => IsFlush(call, document)), 0, index);
        Assert.InRange(calls.FindIndex(index, call => IsFlush(call, "/target>")), index, calls.Count);
    }

    [Fact]
    public async Task Batched_FlushesEverythingOnceBeforeTheIndexNamesAnyOfIt() // S12
    {
        List<string> calls = await TraceCopyAsync("batched");

        int index = calls.FindLastIndex(call => call.StartsWith("rename", StringComparison.Ordinal) && call.Contains("/index.json\"", StringComparison.Ordinal));
        int lastBlob = calls.FindLastIndex(call => BlobName().IsMatch(call));
        Assert.InRange(calls.FindIndex(lastBlob, call => call.StartsWith("syncfs", StringComparison.Ordinal)), lastBlob, index);
        Assert.InRange(calls.FindIndex(index, call => IsFlush(call, "/target>")), index, calls.Count);
        Assert.DoesNotContain(calls, call => IsFlush(call, ".tmp>"));
    }

    [Fact]
    public async Task None_FlushesNothing()
    {
        List<string> calls = await TraceCopyAsync("none");

        Assert.Contains(calls, call => BlobName().IsMatch(call));
        Assert.DoesNotContain(calls, call => call.Contains("sync", StringComparison.Ordinal));
    }

    // From a registry-like source, so that blobs are written and not linked: the source layout is served from another file system
    // where there is one, and else its files belong to nobody, which a layout does not link.
    private async Task<List<string>> TraceCopyAsync(string durability)
    {
        Peer strace = Peer.Require("strace");
        Peer.RequireRoot();
        _directory.WriteFile("app/data", new string('x', 200_000));
        string source = $"oci:{_directory.Combine("source")}:v1";
        string target = _directory.Combine("target");
        await Ocimg.RunOkAsync(
            "build", source, "--from", "scratch", "--add", $"{_directory.Combine("app")}:/app", "--platform", "linux/amd64");
        foreach (string blob in Directory.GetFiles(_directory.Combine("source", "blobs", "sha256")))
        {
            await Peer.Require("chown").RunOkAsync("65534", blob);
        }

        string log = _directory.Combine("calls");
        await strace.RunOkAsync(
            "-f", "-y", "-s", "4096", "-e", "trace=fsync,fdatasync,syncfs,sync,rename,renameat,renameat2", "-o", log,
            Ocimg.Command, "copy", source, $"oci:{target}:v1", "--durability", durability, "-q");

        return [.. File.ReadLines(log).Select(line => Process().Replace(line, ""))];
    }

    private static bool IsFlush(string call, string file) =>
        call.StartsWith("fsync(", StringComparison.Ordinal) && call.Contains(file, StringComparison.Ordinal);

    [GeneratedRegex("^rename.*/blobs/sha256/[0-9a-f]{64}\"")]
    private static partial Regex BlobName();

    [GeneratedRegex("[0-9a-f]{32}\\.tmp")]
    private static partial Regex Temporary();

    [GeneratedRegex("^[0-9]+ +")]
    private static partial Regex Process();
}
