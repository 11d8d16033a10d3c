using System.Diagnostics;
using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests.Layout;

/// <summary>Disks that are full or may not be written, and processes that stop in the middle.</summary>
public sealed class FaultTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(Durability.Full)]
    [InlineData(Durability.Batched)]
    [InlineData(Durability.None)]
    public async Task DiskFull_LeavesNothingUnderAFinalNameAndGoesOnWithRoom(Durability durability) // S05
    {
        await using Mount mount = await Mount.CreateAsync(_directory, "size=2m");
        OciLayout layout = await OciLayout.OpenOrCreateAsync(
            mount.Path, new OciLayoutOptions { Durability = durability }, Token);
        Descriptor before = await TestContent.PushImageAsync(layout, "before");
        await layout.TagAsync(before, "v1", Token);
        byte[] large = TestContent.Bytes(3_000_000);
        Descriptor descriptor = Descriptor.Create(TestContent.Unknown, large);

        await Assert.ThrowsAsync<IOException>(async () => await layout.PushAsync(descriptor, ReplayableContent.FromBytes(large), Token));
        await using (ContentIngest ingest = await layout.OpenIngestAsync("large", Token))
        {
            await Assert.ThrowsAsync<IOException>(async () => await ingest.AppendAsync(large, Token));
            Assert.Equal(0, ingest.Offset);
            await ingest.AppendAsync(large.AsMemory(0, 1000), Token);
            Descriptor part = await ingest.CommitAsync(TestContent.Unknown, null, Token);
            Assert.Equal(Descriptor.Create(TestContent.Unknown, large.AsSpan(0, 1000)), part);
        }

        FillUp(mount.Path);
        await Assert.ThrowsAsync<IOException>(async () => await layout.TagAsync(before, new string('x', 1000), Token));
        File.Delete(Path.Combine(mount.Path, "filler"));
        Descriptor after = await TestContent.PushImageAsync(layout, "after");
        await layout.TagAsync(after, "v2", Token);

        Assert.Equal(["v1", "v2"], await layout.ListReferencesAsync(Token).ToListAsync(Token));
        Assert.False(await layout.ExistsAsync(descriptor, Token));
        Assert.Empty(Directory.GetFiles(Path.Combine(mount.Path, ".ociimage"), "*.tmp"));
        AssertEveryBlobIsWhole(mount.Path);
    }

    [Fact]
    public async Task LimitOfFileSize_EndsACopyAndLeavesNothing() // S05
    {
        Peer prlimit = Peer.Require("prlimit");
        string source = _directory.Combine("data");
        File.WriteAllBytes(source, TestContent.Bytes(3_000_000));
        string layout = _directory.Combine("layout");
        await OciLayout.OpenOrCreateAsync(layout, cancellationToken: Token);

        // The runtime maps files of its own; a limit below those would end it before it begins.
        PeerResult result = await PeerProcess.RunAsync(
            prlimit.Path,
            ["--fsize=1000000", Ocimg.Command, "blob", "put", $"oci:{layout}", source],
            environment: new Dictionary<string, string?>
            {
                ["DOTNET_ROOT"] = Ocimg.DotnetRoot,
                ["DOTNET_EnableWriteXorExecute"] = "0",
            },
            cancellationToken: Token);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Empty(Directory.GetFiles(Path.Combine(layout, "blobs", "sha256")));
    }

    [Fact]
    public async Task ReadOnlyFileSystem_IsReadAndRefusesWrites()
    {
        await using Mount mount = await Mount.CreateAsync(_directory, "size=2m");
        OciLayout layout = await OciLayout.OpenOrCreateAsync(mount.Path, cancellationToken: Token);
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        await layout.TagAsync(image, "v1", Token);
        await Peer.Require("mount").RunOkAsync("-o", "remount,ro", mount.Path);

        OciLayout readOnly = await OciLayout.OpenAsync(mount.Path, cancellationToken: Token);
        Descriptor resolved = await readOnly.ResolveAsync("v1", Token);
        byte[] read = await TestContent.ReadAsync(readOnly, resolved);

        Assert.Equal((image, image.Size), (resolved, read.Length));
        await Assert.ThrowsAnyAsync<IOException>(async () => await TestContent.PushImageAsync(readOnly, "b"));
        await Assert.ThrowsAnyAsync<IOException>(async () => await readOnly.TagAsync(image, "v2", Token));
        await Assert.ThrowsAnyAsync<IOException>(async () => await readOnly.OpenIngestAsync("k", Token));
    }

    [Fact]
    public async Task StoppedProcess_ThatHoldsTheIndexIsNamed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Stops by signal.");
        string path = _directory.Combine("layout");
        OciLayout layout = await OciLayout.OpenOrCreateAsync(
            path, new OciLayoutOptions { LockTimeout = TimeSpan.FromMilliseconds(100) }, Token);
        Descriptor image = await TestContent.PushImageAsync(layout, "a");
        using Process holder = PeerProcess.Start(
            Peer.Require("flock").Path,
            ["--no-fork", Path.Combine(path, ".ociimage", "index.lock"), "sh", "-c", "echo held; kill -STOP $$; exec cat"]);
        try
        {
            Assert.Equal("held", await holder.StandardOutput.ReadLineAsync(Token));

            var error = await Assert.ThrowsAsync<IOException>(async () => await layout.TagAsync(image, "v1", Token));

            Assert.Contains("stopped", error.Message, StringComparison.Ordinal);
            Assert.Contains("index.lock", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            holder.Kill();
            await holder.WaitForExitAsync(CancellationToken.None);
        }

        await layout.TagAsync(image, "v1", Token);
        Assert.Equal(image, await layout.ResolveAsync("v1", Token));
    }

    // A flush that failed is not told twice: what memory has must not become a blob when it is tried again.
    [Fact]
    public async Task FlushThatFails_PublishesNothingAndIsNotTriedAgainOnTheSameBytes() // S12
    {
        Peer strace = Peer.Require("strace");
        string source = _directory.Combine("data");
        File.WriteAllBytes(source, TestContent.Bytes(300_000));
        string layout = _directory.Combine("layout");
        await OciLayout.OpenOrCreateAsync(layout, cancellationToken: Token);

        PeerResult result = await strace.RunAsync(
            "-f", "-qq", "-o", _directory.Combine("calls"), "-e", "trace=fsync", "-e", "inject=fsync:error=EIO:when=1",
            Ocimg.Command, "blob", "put", $"oci:{layout}", source);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("INJECTED", File.ReadAllText(_directory.Combine("calls")), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(layout, "blobs", "sha256")));
        Assert.DoesNotContain(
            Directory.GetFiles(Path.Combine(layout, ".ociimage")), file => !file.EndsWith(".lock", StringComparison.Ordinal));
    }

    private static void FillUp(string path)
    {
        using var filler = new FileStream(Path.Combine(path, "filler"), FileMode.Create, FileAccess.Write, FileShare.None, 0);
        try
        {
            while (true)
            {
                filler.Write(new byte[4096]);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private static void AssertEveryBlobIsWhole(string path) => Assert.DoesNotContain(
        Directory.GetFiles(Path.Combine(path, "blobs", "sha256")),
        blob => Digest.Compute(File.ReadAllBytes(blob)).Encoded != Path.GetFileName(blob));

    /// <summary>A small file system of the test's own.</summary>
    private sealed class Mount : IAsyncDisposable
    {
        private Mount(string path) => Path = path;

        public string Path { get; }

        public static async Task<Mount> CreateAsync(TemporaryDirectory directory, string options)
        {
            Peer.RequireRoot();
            string path = directory.CreateDirectory("mounted");
            PeerResult result = await Peer.Require("mount").RunAsync("-t", "tmpfs", "-o", options, "tmpfs", path);
            Assert.SkipUnless(result.ExitCode == 0, $"Mounting is not allowed here: {result.Error}");

            return new Mount(path);
        }

        public async ValueTask DisposeAsync() => await Peer.Require("umount").RunAsync("-l", Path);
    }
}
