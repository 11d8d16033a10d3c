using System.Text;
using OciImage.Bundles;

namespace OciImage.Tests.Bundles;

public sealed class RuntimeSpecificationTests
{
    private static readonly ImageUser Web = new(101, 102, [200, 300], "/home/web");

    [Theory]
    [InlineData(BundlePreset.Default, "default.json")]
    [InlineData(BundlePreset.Minimal, "minimal.json")]
    [InlineData(BundlePreset.Rootless, "rootless.json")]
    public async Task FromImage_GivesTheDocumentOfThePreset(BundlePreset preset, string file)
    {
        var options = new RuntimeBundleOptions
        {
            Preset = preset,
            UidMappings = [new RuntimeIdMapping { ContainerId = 0, HostId = 100_000, Size = 1000 }],
            GidMappings = [new RuntimeIdMapping { ContainerId = 0, HostId = 200_000, Size = 1000 }],
        };
        string expected = await File.ReadAllTextAsync(
            Path.Combine(AppContext.BaseDirectory, "Bundles", "Golden", file), TestContext.Current.CancellationToken);

        byte[] actual = RuntimeSpecification.FromImage(SampleConfig.Full, Web, options).ToBytes();

        Assert.Equal(expected, Encoding.UTF8.GetString(actual));
    }

    [Theory]
    [InlineData(BundlePreset.Default)]
    [InlineData(BundlePreset.Minimal)]
    [InlineData(BundlePreset.Rootless)]
    public void Parse_ReadsWhatWasWritten(BundlePreset preset)
    {
        RuntimeSpecification specification = Convert(SampleConfig.Full, new RuntimeBundleOptions { Preset = preset }, ImageUser.Root);

        RuntimeSpecification read = RuntimeSpecification.Parse(specification.ToBytes());

        Assert.Equal(specification, read);
        Assert.Equal(specification.GetHashCode(), read.GetHashCode());
        Assert.NotEqual(specification, read with { Hostname = "other" });
    }

    [Fact]
    public void Parse_KeepsFieldsThatAreNotKnown()
    {
        const string Document =
            """
            {"ociVersion":"1.3.0","process":{"user":{"uid":0,"gid":0,"umask":18},"args":["a"],"cwd":"/","ioPriority":{"class":"IDLE"}},
            "root":{"path":"rootfs"},"hooks":{"poststop":[]},"vm":{"A":1,"a":2},
            "linux":{"namespaces":[{"type":"mount"}],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW"},"resources":{"pids":{"limit":5}}}}
            """;

        string written = Encoding.UTF8.GetString(RuntimeSpecification.Parse(Encoding.UTF8.GetBytes(Document)).ToBytes());

        string[] unknown = ["umask", "ioPriority", "poststop", "seccomp", "SCMP_ACT_ALLOW", "\"limit\": 5", "\"A\": 1"];
        Assert.All(unknown, text => Assert.Contains(text, written, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"ociVersion":"1","linux":{"namespaces":[{"type":"mount","Path":"/proc/1/ns/mnt"}]}}""")] // Go reads path
    [InlineData("""{"ociVersion":"1","linux":{"namespaces":[{"type":"mount"}],"Namespaces":[]}}""")] // Go reads the last
    [InlineData("""{"ociVersion":"1","linux":{"namespaces":[{"type":"mount"}]},"LINUX":{"namespaces":[]}}""")]
    [InlineData("""{"ociVersion":"1","linux":{"namespaces":[{"type":"mount"}],"nameſpaces":[]}}""")] // a long s folds to s
    [InlineData("""{"ociVersion":"1","linux":{"namespaces":[{"type":"mount"}],"namespaces":[]}}""")] // twice
    [InlineData("""{"ociVersion":"1","process":{"user":{"uid":4294967296,"gid":0},"args":["a"],"cwd":"/"}}""")]
    [InlineData("""{"ociVersion":"1","process":{"user":{"uid":-1,"gid":0},"args":["a"],"cwd":"/"}}""")]
    [InlineData("""{"process":{}}""")]
    [InlineData("[]")]
    [InlineData("")]
    public void Parse_RefusesWhatReadersDisagreeAbout(string document)
    {
        Assert.Throws<DocumentFormatException>(() => RuntimeSpecification.Parse(Encoding.UTF8.GetBytes(document)));
    }

    [Fact]
    public void ToBytes_RefusesAConfigurationWithoutAMountNamespaceOfItsOwn()
    {
        RuntimeSpecification whole = Convert(SampleConfig.Full);
        var mount = new RuntimeNamespace { Type = "mount" };
        var pid = new RuntimeNamespace { Type = "pid" };
        RuntimeSpecification[] unsafeOnes =
        [
            whole with { Linux = null },
            With(),
            With(pid),
            With(mount, pid, mount),
            With(mount with { Path = "/proc/1/ns/mnt" }),
            With(new RuntimeNamespace { Type = "Mount" }),
            With(new RuntimeNamespace { Type = "mnt" }),
        ];

        BundleErrorKind[] kinds = [.. unsafeOnes.Select(one => Assert.Throws<BundleException>(() => one.ToBytes()).Kind)];

        Assert.All(kinds, kind => Assert.Equal(BundleErrorKind.NoMountNamespace, kind));

        RuntimeSpecification With(params RuntimeNamespace[] namespaces) =>
            whole with { Linux = whole.Linux! with { Namespaces = namespaces } };
    }

    [Fact]
    public void FromImage_TakesEntrypointAndCommandAsTheCallerReplacesThem()
    {
        Assert.Equal(["/bin/serve", "--all", "x", "y z"], Arguments(new()));
        Assert.Equal(["/bin/serve", "--all", "z"], Arguments(new() { Arguments = ["z"] }));
        Assert.Equal(["/bin/serve", "--all"], Arguments(new() { Arguments = [] }));
        Assert.Equal(["sh"], Arguments(new() { Entrypoint = ["sh"] }));
        Assert.Equal(["sh", "-c"], Arguments(new() { Entrypoint = ["sh"], Arguments = ["-c"] }));
        Assert.Equal(["x", "y z"], Arguments(new() { Entrypoint = [] }));

        static IReadOnlyList<string> Arguments(RuntimeBundleOptions options) =>
            Convert(SampleConfig.Full, options).Process!.Args;
    }

    [Fact]
    public void FromImage_WantsSomethingToRun()
    {
        ImageConfig[] none =
        [
            new() { Os = "linux" },
            SampleConfig.With(config => config with { Entrypoint = [], Cmd = [] }),
            SampleConfig.With(config => config with { Entrypoint = [""] }),
        ];

        Assert.All(none, config => Refuse(BundleErrorKind.NoCommand, config));
        Assert.Equal(["sh"], Convert(none[0], new() { Arguments = ["sh"] }).Process!.Args);
    }

    [Fact]
    public void FromImage_KeepsTheEnvironmentAndAddsOnlyWhatIsMissing()
    {
        ImageConfig bare = SampleConfig.With(config => config with { Env = [] });
        ImageConfig full = SampleConfig.With(config => config with { Env = ["PATH=/x", "HOME=", "TERM=vt", "PATHS=1", "odd"] });

        Assert.Equal(
            ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/home/web", "TERM=xterm"],
            Convert(bare, new() { Terminal = true }).Process!.Env);
        Assert.Equal(["PATH=/x", "HOME=", "TERM=vt", "PATHS=1", "odd"], Convert(full, new() { Terminal = true }).Process!.Env);
        Assert.Equal(
            ["PATH=/y", "HOME=", "TERM=vt", "PATHS=1", "odd", "B=a=b"],
            Convert(full, new() { Environment = ["B=a=b", "PATH=/y"] }).Process!.Env);
    }

    [Fact]
    public void FromImage_ReplacesAVariableThatTheImageHasTwiceOnce()
    {
        RuntimeSpecification specification = Convert(SampleConfig.Full, new() { Environment = ["A=3"] });

        Assert.Equal(["A=3", "HOME=/srv"], specification.Process!.Env.Take(2));
        Assert.DoesNotContain("A=2", specification.Process.Env);
    }

    [Theory]
    [InlineData(null, "/")]
    [InlineData("", "/")]
    [InlineData("/a/../b", "/a/../b")]
    public void FromImage_TakesTheWorkingDirectoryAsItIs(string? directory, string expected)
    {
        ImageConfig config = SampleConfig.With(container => container with { WorkingDir = directory });

        Assert.Equal(expected, Convert(config).Process!.Cwd);
        Assert.Equal("/other", Convert(config, new() { WorkingDirectory = "/other" }).Process!.Cwd);
    }

    [Theory]
    [InlineData("srv")]
    [InlineData("./srv")]
    [InlineData("../srv")]
    [InlineData("/a\0b")]
    public void FromImage_RefusesAWorkingDirectoryThatIsNoAbsolutePath(string directory) => Refuse(
        BundleErrorKind.InvalidWorkingDirectory, SampleConfig.With(container => container with { WorkingDir = directory }));

    [Fact]
    public void FromImage_RefusesTextThatNoProgramCanBeTold()
    {
        Refuse(BundleErrorKind.InvalidText, SampleConfig.With(config => config with { Env = ["A=\0"] }));
        Refuse(BundleErrorKind.InvalidText, SampleConfig.With(config => config with { Cmd = ["a\0b"] }));
        Refuse(BundleErrorKind.InvalidText, SampleConfig.With(config => config with { StopSignal = "\0" }));
        Refuse(BundleErrorKind.InvalidText, Label("a", "\0"));
        Refuse(BundleErrorKind.InvalidText, Label("a\0", "b"));
        Refuse(BundleErrorKind.InvalidText, Label("", "b"));
        Refuse(BundleErrorKind.InvalidText, SampleConfig.Full, new() { Environment = ["novalue"] });
        Refuse(BundleErrorKind.InvalidText, SampleConfig.Full, new() { Environment = ["=x"] });

        static ImageConfig Label(string name, string value) => SampleConfig.With(
            config => config with { Labels = new Dictionary<string, string> { [name] = value } });
    }

    [Fact]
    public void FromImage_TakesNewlinesAsData()
    {
        ImageConfig config = SampleConfig.With(container => container with { Env = ["A=1\nB=2", "C=\r"], Cmd = ["a\nb"] });

        RuntimeSpecification read = RuntimeSpecification.Parse(Convert(config).ToBytes());

        Assert.Equal(["A=1\nB=2", "C=\r"], read.Process!.Env.Take(2));
        Assert.Equal("a\nb", read.Process.Args[^1]);
    }

    [Fact]
    public void FromImage_LeavesLabelsOutWhereTheyAreNotWanted()
    {
        RuntimeSpecification specification = Convert(SampleConfig.Full, new() { LabelsAsAnnotations = false });

        Assert.Equal("Ann <ann@example.org>", specification.Annotations["org.opencontainers.image.author"]);
        Assert.DoesNotContain("text", specification.Annotations.Keys);
    }

    [Theory]
    [InlineData("/../../etc")]
    [InlineData("/a/..")]
    [InlineData("data")]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/./")]
    [InlineData("/proc/self")]
    [InlineData("//proc")]
    [InlineData("/sys")]
    [InlineData("/dev/./shm")]
    [InlineData("/a\0")]
    public void FromImage_RefusesVolumesWhereNothingMayBeMounted(string volume)
    {
        ImageConfig config = SampleConfig.With(container => container with { Volumes = [volume] });

        Refuse(BundleErrorKind.InvalidVolume, config);
        Refuse(BundleErrorKind.InvalidVolume, config, new() { Volumes = VolumeMounts.Directories });
        Assert.Equal(7, Convert(config, new() { Volumes = VolumeMounts.None }).Mounts.Count);
    }

    [Fact]
    public void FromImage_MountsDirectoriesOfTheBundleAtVolumes()
    {
        RuntimeSpecification specification = Convert(SampleConfig.Full, new() { Volumes = VolumeMounts.Directories });

        Assert.Equal(
            [("/data", "volumes/0"), ("/var/log", "volumes/1")],
            specification.Mounts.Skip(7).Select(mount => (mount.Destination, mount.Source!)));
        Assert.All(specification.Mounts.Skip(7), mount => Assert.Contains("rbind", mount.Options));
    }

    [Fact]
    public void FromImage_RefusesUsersThatTheNamespaceDoesNotHave()
    {
        Refuse(BundleErrorKind.UnmappedUser, SampleConfig.Full, new() { Preset = BundlePreset.Rootless });
        Refuse(
            BundleErrorKind.UnmappedUser,
            SampleConfig.Full,
            new()
            {
                Preset = BundlePreset.Rootless,
                UidMappings = [new RuntimeIdMapping { ContainerId = 100, HostId = 0, Size = 2 }],
                GidMappings = [new RuntimeIdMapping { ContainerId = 0, HostId = 0, Size = 102 }],
            });
    }

    [Theory]
    [InlineData("windows")]
    [InlineData("freebsd")]
    public void FromImage_RefusesImagesForOtherSystems(string os) =>
        Refuse(BundleErrorKind.UnsupportedPlatform, SampleConfig.Full with { Os = os });

    [Fact]
    public void Hostname_RefusesWhatIsNone()
    {
        string[] names = ["", new string('a', 65), "a b", "a\n", "ä"];

        Assert.All(names, name => Assert.ThrowsAny<ArgumentException>(() => new RuntimeBundleOptions { Hostname = name }));
    }

    private static RuntimeSpecification Convert(
        ImageConfig config, RuntimeBundleOptions? options = null, ImageUser? user = null) =>
        RuntimeSpecification.FromImage(config, user ?? Web, options);

    private static void Refuse(BundleErrorKind kind, ImageConfig config, RuntimeBundleOptions? options = null) =>
        Assert.Equal(kind, Assert.Throws<BundleException>(() => Convert(config, options)).Kind);
}
