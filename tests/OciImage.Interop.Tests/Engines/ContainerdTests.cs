using OciImage.Content;
using OciImage.Engines;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.TestKit.Peers;

namespace OciImage.Interop.Tests.Engines;

/// <summary>Images go into a real containerd over gRPC and come back, and containerd finds them right.</summary>
public sealed class ContainerdTests : IDisposable
{
    private const string Name = "docker.io/library/ours:v1";

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Copy_OfAPushedImageRuns()
    {
        Peer.Require("runc");
        await using Containerd containerd = await Containerd.StartAsync(_directory.CreateDirectory("c"));
        string program = await BuildProgramAsync();
        await Ocimg.RunOkAsync(
            "build", $"oci:{_directory.Combine("l")}:v1", "--from", "scratch", "--add", $"{program}:/bin/hello",
            "--entrypoint", """["/bin/hello"]""");

        await OcimgAsync(containerd, "copy", $"oci:{_directory.Combine("l")}:v1", "containerd:ours:v1");

        string check = await containerd.RunAsync("default", "images", "check");
        Assert.Contains($"{Name} ", check, StringComparison.Ordinal);
        Assert.Contains("complete (", check, StringComparison.Ordinal);
        string output = await containerd.RunAsync(
            "default", "run", "--rm", "--snapshotter", "native", Name, "hello");
        Assert.Equal("hello from a container\n", output);
    }

    private static async Task<string> OcimgAsync(Containerd containerd, params IReadOnlyList<string> arguments)
    {
        PeerResult result = await Ocimg.RunWithAsync(
            null, new Dictionary<string, string?> { ["CONTAINERD_ADDRESS"] = containerd.Address }, arguments);
        Assert.True(result.ExitCode == 0, $"'ocimg {string.Join(' ', arguments)}' exited with {result.ExitCode}:\n{result.Error}");

        return result.Output.TrimEnd('\n');
    }

    // A program that needs nothing of its root.
    private async Task<string> BuildProgramAsync()
    {
        Peer gcc = Peer.Require("gcc");
        string source = _directory.WriteFile("hello.c", "#include <unistd.h>\nint main(void) { return write(1, \"hello from a container\\n\", 23) != 23; }\n");
        string program = _directory.Combine("hello");
        await gcc.RunOkAsync("-static", "-Os", "-o", program, source);

        return program;
    }
}
