using System.Runtime.InteropServices;
using System.Text.Json;
using OciImage.Layers;
using OciImage.Linux;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>The conformance table of layers, through every output (docs/layer-conformance.md).</summary>
public sealed partial class LayerConformanceTests
{
    private const string WorkerResults = "OCIIMAGE_TEST_CONFORMANCE_RESULTS";
    private const string Nobody = "65534";

    private static readonly Lazy<string?> OverlayLack = new(OverlayOutput.Lack);

    public static TheoryData<string> Ids => [.. CaseFile.All.Keys];

    private static ICaseOutput[] WithoutRoot { get; } = [new TreeOutput(avoidOpenAt2: false), new TreeOutput(avoidOpenAt2: true)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task Tree_IsTheOneOfTheTable_WithOpenAt2(string id)
    {
        Assert.SkipUnless(LayerUnpacker.IsSupported && PathWalker.HasOpenAt2, "The system has no openat2.");

        await CheckAsync(id, new TreeOutput(avoidOpenAt2: false));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task Tree_IsTheOneOfTheTable_WithOurOwnWalk(string id)
    {
        Assert.SkipUnless(LayerUnpacker.IsSupported, "Trees are unpacked on Linux only.");

        await CheckAsync(id, new TreeOutput(avoidOpenAt2: true));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task ImageFileTree_IsTheOneOfTheTable(string id) => await CheckAsync(id, new VirtualOutput());

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task FlattenedArchive_IsTheOneOfTheTable(string id) => await CheckAsync(id, new ArchiveOutput());

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task FlattenedArchive_MakesTheTreeOfTheTable(string id)
    {
        Assert.SkipUnless(LayerUnpacker.IsSupported, "Trees are unpacked on Linux only.");

        await CheckAsync(id, new UnpackedArchiveOutput());
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task Overlay_ShowsTheTreeOfTheTable(string id)
    {
        Assert.SkipWhen(OverlayLack.Value is not null, OverlayLack.Value ?? "");

        await CheckAsync(id, new OverlayOutput(new OverlayOptions()));
    }

    [Fact]
    public async Task Overlays_ShowTheTreesOfTheTable_WithAttributesOfUsers()
    {
        Assert.SkipWhen(OverlayLack.Value is not null, OverlayLack.Value ?? "");
        Assert.SkipUnless(Environment.GetEnvironmentVariable("OCIIMAGE_SOAK") == "1", "Runs with OCIIMAGE_SOAK=1.");
        var outcomes = new List<CaseOutcome>();

        foreach (LayerCase each in CaseFile.All.Values)
        {
            outcomes.Add(await CaseRunner.RunAsync(
                each, new OverlayOutput(new OverlayOptions { UserXattrs = true, Whiteouts = OverlayWhiteouts.Xattr }), Token));
        }

        string faults = string.Join('\n', outcomes.Where(outcome => outcome.Faults.Count > 0));
        Assert.True(faults.Length == 0, faults);
    }

    [Fact]
    public async Task Trees_AreThoseOfTheTable_WithoutRoot()
    {
        Assert.SkipUnless(LayerUnpacker.IsSupported, "Trees are unpacked on Linux only.");
        Assert.SkipUnless(Libc.GetEffectiveUserId() == 0, "The tests above ran without root.");
        Peer setpriv = Peer.Require("setpriv");
        string[] drop = [$"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups"];
        string program = Path.Combine(AppContext.BaseDirectory, "OciImage.Tests");
        PeerResult probe = await PeerProcess.RunAsync(setpriv.Path, [.. drop, "test", "-r", program + ".dll"], cancellationToken: Token);
        Assert.SkipUnless(probe.ExitCode == 0, "Another user may not read the tests.");
        using var directory = new TemporaryDirectory();
        UnpackFixture.SetMode(directory.Path, (UnixFileMode)0x1FF);
        string results = directory.Combine("results.json");

        PeerResult worker = await PeerProcess.RunAsync(
            setpriv.Path,
            [.. drop, program, "-explicit", "only", "-method", $"{typeof(LayerConformanceTests).FullName}.{nameof(Worker)}"],
            workingDirectory: directory.Path,
            environment: new Dictionary<string, string?>
            {
                [WorkerResults] = results, ["TMPDIR"] = directory.Path, ["HOME"] = directory.Path,
            },
            cancellationToken: Token);

        Assert.True(File.Exists(results), worker.Output + worker.Error);
        CaseOutcome[] outcomes = JsonSerializer.Deserialize<CaseOutcome[]>(await File.ReadAllBytesAsync(results, Token))!;
        Assert.Equal(WithoutRoot.Length * CaseFile.All.Count, outcomes.Length);
        string faults = string.Join('\n', outcomes.Where(outcome => outcome.Faults.Count > 0));
        Assert.True(faults.Length == 0, faults);
        Assert.True(outcomes.Count(outcome => outcome.Skipped is null) > outcomes.Length / 2, "Most cases were passed over.");
    }

    /// <summary>What the other user does for the test above: all cases in one process.</summary>
    [Fact(Explicit = true)]
    public async Task Worker()
    {
        string? results = Environment.GetEnvironmentVariable(WorkerResults);
        Assert.SkipWhen(results is null, "Only runs as a process of another test.");
        Assert.NotEqual(0u, Libc.GetEffectiveUserId());
        _ = SetUmask(0x3F); // X19: modes are exact under any
        var outcomes = new List<CaseOutcome>();
        foreach (LayerCase each in CaseFile.All.Values)
        {
            foreach (ICaseOutput output in WithoutRoot)
            {
                outcomes.Add(await CaseRunner.RunAsync(each, output, Token));
            }
        }

        await File.WriteAllTextAsync(results, JsonSerializer.Serialize(outcomes), Token);
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint SetUmask(uint mask);

    private static async Task CheckAsync(string id, ICaseOutput output)
    {
        CaseOutcome outcome = await CaseRunner.RunAsync(CaseFile.All[id], output, Token);

        Assert.SkipWhen(outcome.Skipped is not null, outcome.Skipped ?? "");
        Assert.True(outcome.Faults.Count == 0, outcome.ToString());
    }
}
