using System.Text.Json;
using OciImage.TestKit;

namespace OciImage.Cli.Tests.Commands;

/// <summary>Names, leases, namespaces and garbage of a layout.</summary>
public sealed class StoreCommandTests : IDisposable
{
    private const string Name = "docker.io/library/app:1";

    private readonly TemporaryDirectory _directory = new();

    private string Layout => _directory.Combine("layout");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Tag_AndUntag_ChangeWhatIsListed()
    {
        string digest = await BuildAsync("v1");

        string tagged = await Ocimg.RunOkAsync("tag", $"oci:{Layout}:v1", "v2", "v3");
        await Ocimg.RunOkAsync("untag", $"oci:{Layout}:v1");
        await Ocimg.RunOkAsync("tag", $"oci:{Layout}@{digest}", "v4");
        string tags = await Ocimg.RunOkAsync("tags", $"oci:{Layout}");

        Assert.Equal(digest, tagged);
        Assert.Equal("v2\nv3\nv4", tags);
        await Ocimg.RunRefusedAsync(ExitCode.NotFound, "untag", $"oci:{Layout}:v1");
        await Ocimg.RunRefusedAsync(ExitCode.Usage, "untag", $"oci:{Layout}");
        await Ocimg.RunRefusedAsync(ExitCode.Usage, "tag", $"oci:{Layout}:v2", digest);
    }

    [Fact]
    public async Task Namespace_KeepsNamesApart()
    {
        string digest = await BuildAsync("v1");

        await CopyOtherAsync("k8s.io");
        string namespaces = await Ocimg.RunOkAsync("namespace", "ls", Layout);
        string own = await Ocimg.RunOkAsync("ls", Layout);
        string theirs = await Ocimg.RunOkAsync("--namespace", "k8s.io", "ls", Layout, "--long");
        JsonElement all = JsonDocument.Parse(await Ocimg.RunOkAsync("ls", "-A", "--json", Layout)).RootElement.GetProperty("roots");
        string checkedDigest = await Ocimg.RunOkAsync("check", "-n", "k8s.io", $"oci:{Layout}:{Name}");

        Assert.Equal("default\nk8s.io", namespaces);
        Assert.Equal($"v1  {digest}  {MediaTypes.ImageManifest}", own);
        Assert.StartsWith($"{Name}  {checkedDigest}  ", theirs, StringComparison.Ordinal);
        Assert.Equal(
            [("default", "v1"), ("k8s.io", Name)],
            all.EnumerateArray().Select(root => (root.GetProperty("namespace").GetString(), root.GetProperty("name").GetString())));
        await Ocimg.RunRefusedAsync(ExitCode.NotFound, "check", $"oci:{Layout}:x");
        Assert.Contains(
            "namespace k8s.io", await Ocimg.RunRefusedAsync(ExitCode.NotFound, "-n", "k8s.io", "tag", $"oci:{Layout}:v1", "v2"), StringComparison.Ordinal);
        await Ocimg.RunRefusedAsync(ExitCode.Usage, "-n", "version", "ls", Layout);
    }

    [Fact]
    public async Task Copy_OfTheOnlyImageOfANamespaceTakesItsName()
    {
        await BuildAsync("v1");
        await CopyOtherAsync("moby");

        await Ocimg.RunOkAsync("copy", "-n", "moby", $"oci:{Layout}", $"oci:{_directory.Combine("target")}");

        Assert.Equal(Name, await Ocimg.RunOkAsync("-n", "moby", "tags", $"oci:{_directory.Combine("target")}"));
    }

    [Fact]
    public async Task Export_OfALayoutHasTheNamesOfItsNamespaceAlone()
    {
        string digest = await BuildAsync("v1");
        await CopyOtherAsync("k8s.io");
        await Ocimg.RunOkAsync("label", $"{Layout}:v1", "team=a");
        string lease = await Ocimg.RunOkAsync("lease", "create", Layout);
        await Ocimg.RunOkAsync("lease", "add", Layout, lease, "v1");
        string own = _directory.Combine("own.tar");
        string theirs = _directory.Combine("theirs.tar");

        string exported = await Ocimg.RunOkAsync("export", $"oci:{Layout}", "-o", own);
        await Ocimg.RunOkAsync("-n", "k8s.io", "export", $"oci:{Layout}", "-o", theirs);

        Assert.Equal(digest, exported);
        Assert.Equal("v1", await Ocimg.RunOkAsync("tags", $"oci-archive:{own}"));
        Assert.Equal(Name, await Ocimg.RunOkAsync("tags", $"oci-archive:{theirs}"));
        Assert.DoesNotContain("dev.ociimage", await File.ReadAllTextAsync(own, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.DoesNotContain("dev.ociimage", await File.ReadAllTextAsync(theirs, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gc_RemovesWhatNothingKeeps()
    {
        string digest = await BuildAsync("v1");
        await CopyOtherAsync("k8s.io");
        await Ocimg.RunOkAsync("untag", $"oci:{Layout}:v1");
        MakeOld();

        string dry = await Ocimg.RunOkAsync("gc", Layout, "--dry-run");
        string removed = await Ocimg.RunOkAsync("gc", Layout, "--grace", "1h");
        await Ocimg.RunOkAsync("namespace", "rm", Layout, "k8s.io");
        JsonElement rest = JsonDocument.Parse(await Ocimg.RunOkAsync("gc", Layout, "--json", "--grace", "1h")).RootElement;

        Assert.Contains(digest, dry, StringComparison.Ordinal);
        Assert.Equal(dry, removed);
        Assert.Equal(3, rest.GetProperty("removed").GetArrayLength());
        Assert.Empty(Directory.GetFiles(Path.Combine(Layout, "blobs", "sha256")));
        await Ocimg.RunRefusedAsync(ExitCode.NotFound, "namespace", "rm", Layout, "k8s.io");
        await Ocimg.RunRefusedAsync(ExitCode.Usage, "gc", Layout, "--grace", "1 year");
        await Ocimg.RunRefusedAsync(ExitCode.Usage, "gc", Layout, "-A");
    }

    [Fact]
    public async Task Copy_GoesFromOneNamespaceToAnother()
    {
        string digest = await BuildAsync("v1");

        await Ocimg.RunOkAsync("copy", $"oci:{Layout}:v1", "--dest-namespace", "moby", $"oci:{Layout}/:{Name}");
        await Ocimg.RunOkAsync("copy", "--src-namespace", "moby", $"oci:{Layout}/:{Name}", $"oci:{Layout}:v2");

        Assert.Equal(Name, await Ocimg.RunOkAsync("-n", "moby", "tags", $"oci:{Layout}"));
        Assert.Equal(digest, await Ocimg.RunOkAsync("digest", $"oci:{Layout}:v2"));
        await Ocimg.RunRefusedAsync(
            ExitCode.Usage, "copy", $"oci:{Layout}:v1", "--dest-namespace", "no/name", $"oci:{Layout}:v3");
    }

    [Fact]
    public async Task Label_SetsRemovesAndLists()
    {
        await BuildAsync("v1");

        string set = await Ocimg.RunOkAsync("label", $"{Layout}:v1", "job=7", "owner=a=b");
        string left = await Ocimg.RunOkAsync("label", $"{Layout}:v1", "job-");
        JsonElement json = JsonDocument.Parse(await Ocimg.RunOkAsync("label", $"{Layout}:v1", "--json")).RootElement;

        Assert.Equal(["job=7", "owner=a=b"], set.Split('\n'));
        Assert.Equal("owner=a=b", left);
        Assert.Equal("a=b", json.GetProperty("labels").GetProperty("owner").GetString());
        await Ocimg.RunRefusedAsync(ExitCode.Usage, "label", $"{Layout}:v1", "job");
        await Ocimg.RunRefusedAsync(ExitCode.Usage, "label", $"{Layout}:v1", "=7");
        await Ocimg.RunRefusedAsync(ExitCode.Usage, "label", Layout, "job=7");
        await Ocimg.RunRefusedAsync(ExitCode.NotFound, "label", $"{Layout}:v2", "job=7");
    }

    [Fact]
    public async Task Gc_TellsItsStages()
    {
        await BuildAsync("v1");
        using var terminal = new TestTerminal();

        int code = await Ocimg.RunAsync(terminal, "gc", Layout, "--progress", "json");

        Assert.Equal(ExitCode.Done, code);
        Assert.Contains("{\"stage\":\"marking\"", terminal.ErrorOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gc_StopsWhereAManifestIsDamaged()
    {
        string digest = await BuildAsync("v1");
        string path = Path.Combine(Layout, "blobs", "sha256", digest["sha256:".Length..]);
        await File.WriteAllTextAsync(path, "{}", TestContext.Current.CancellationToken);

        string error = await Ocimg.RunRefusedAsync(ExitCode.NotVerified, "gc", Layout);

        Assert.Contains(digest, error, StringComparison.Ordinal);
        Assert.Contains("--ignore-damage", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lease_KeepsContentUntilItIsRemoved()
    {
        string digest = await BuildAsync("v1");
        string id = await Ocimg.RunOkAsync("lease", "create", Layout, "--ttl", "1h", "--label", "job=7");
        await Ocimg.RunOkAsync("lease", "add", Layout, id, "v1");
        await Ocimg.RunOkAsync("untag", $"oci:{Layout}:v1");
        MakeOld();

        string kept = await Ocimg.RunOkAsync("gc", Layout);
        await Ocimg.RunOkAsync("lease", "renew", Layout, id, "--ttl", "0");
        JsonElement lease = JsonDocument.Parse(await Ocimg.RunOkAsync("lease", "ls", Layout, "--json"))
            .RootElement.GetProperty("leases").EnumerateArray().Single();
        string text = await Ocimg.RunOkAsync("lease", "ls", Layout);
        await Ocimg.RunOkAsync("lease", "rm", Layout, id);
        MakeOld();
        string removed = await Ocimg.RunOkAsync("gc", Layout);

        Assert.Equal("", kept);
        Assert.Equal(id, lease.GetProperty("id").GetString());
        Assert.False(lease.TryGetProperty("expires", out _));
        Assert.Equal("7", lease.GetProperty("labels").GetProperty("job").GetString());
        Assert.Equal($"{id}  until it is removed  1 piece of content", text);
        Assert.Contains(digest, removed, StringComparison.Ordinal);
        await Ocimg.RunRefusedAsync(ExitCode.NotFound, "lease", "rm", Layout, id);
        await Ocimg.RunRefusedAsync(ExitCode.Usage, "lease", "create", Layout, "--id", "a/b");
    }

    private async Task<string> BuildAsync(string tag)
    {
        Directory.CreateDirectory(_directory.Combine("app"));
        await File.WriteAllTextAsync(_directory.Combine("app", "file"), "hello", TestContext.Current.CancellationToken);
        return await Ocimg.RunOkAsync(
            "build", $"oci:{Layout}:{tag}", "--from", "scratch", "--add", _directory.Combine("app") + ":/app");
    }

    private async Task CopyOtherAsync(string ns)
    {
        string other = $"oci:{_directory.Combine("other")}:x";
        await Ocimg.RunOkAsync(
            "build", "-n", ns, other, "--from", "scratch", "--add", _directory.Combine("app") + ":/other");
        await Ocimg.RunOkAsync("copy", "-n", ns, other, $"oci:{Layout}:{Name}");
    }

    private void MakeOld()
    {
        foreach (string path in Directory.GetFiles(Path.Combine(Layout, "blobs"), "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(path, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        }
    }
}
