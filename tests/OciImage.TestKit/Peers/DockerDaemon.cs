using System.Diagnostics;
using Xunit;

namespace OciImage.TestKit.Peers;

/// <summary>A dockerd of the test's own, without network, with everything it keeps in a directory of the caller's.</summary>
public sealed class DockerDaemon : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Task _output;
    private readonly Task<string> _error;
    private readonly Containerd _containerd;

    private DockerDaemon(Process process, Task output, Task<string> error, Containerd containerd, string address)
    {
        _process = process;
        _output = output;
        _error = error;
        _containerd = containerd;
        Address = address;
    }

    /// <summary>Gets the path of the socket.</summary>
    public string Address { get; }

    /// <summary>Starts a dockerd and returns when it answers; skips the test where there is none, or it cannot run here.</summary>
    /// <param name="directory">The directory for its roots and its socket; not deep, since a socket's path is short.</param>
    public static async Task<DockerDaemon> StartAsync(string directory)
    {
        Peer daemon = Peer.Require("dockerd");
        Peer.Require("runc");
        Peer.RequireRoot();
        Containerd containerd = await Containerd.StartAsync(Directory.CreateDirectory(Path.Combine(directory, "cd")).FullName);
        string address = Path.Combine(directory, "d.sock");
        string configuration = Path.Combine(directory, "daemon.json");
        await File.WriteAllTextAsync(configuration, "{}");
        Process process = PeerProcess.Start(
            daemon.Path,
            [
                "--data-root", Path.Combine(directory, "data"), "--exec-root", Path.Combine(directory, "exec"),
                "--pidfile", Path.Combine(directory, "pid"), "--host", $"unix://{address}", "--containerd", containerd.Address,
                "--config-file", configuration,
                "--bridge=none", "--iptables=false", "--ip6tables=false", "--storage-driver", "vfs", "--log-level", "error",
            ]);
        var docker = new DockerDaemon(
            process, process.StandardOutput.BaseStream.CopyToAsync(Stream.Null), process.StandardError.ReadToEndAsync(), containerd, address);
        try
        {
            await docker.WaitAsync();
            return docker;
        }
        catch
        {
            await docker.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs <c>docker</c>; it must succeed. Returns its standard output.</summary>
    public Task<string> RunAsync(params IReadOnlyList<string> arguments) =>
        Peer.Require("docker").RunOkAsync(["-H", $"unix://{Address}", .. arguments]);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // dockerd unmounts what it mounted when it is asked to end, and is killed when it does not.
        if (!_process.HasExited)
        {
            using Process ask = Process.Start("/bin/kill", ["-TERM", $"{_process.Id}"]);
            await ask.WaitForExitAsync();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        await _process.WaitForExitAsync();
        await _output;
        await _error;
        _process.Dispose();
        await _containerd.DisposeAsync();
    }

    private async Task WaitAsync()
    {
        long start = Stopwatch.GetTimestamp();
        Peer docker = Peer.Require("docker");
        while (true)
        {
            if (_process.HasExited)
            {
                string error = await _error;
                Assert.Skip($"dockerd does not run here: {error.Trim().Split('\n')[^1]}");
            }

            if (File.Exists(Address) && (await docker.RunAsync("-H", $"unix://{Address}", "version")).ExitCode == 0)
            {
                return;
            }

            Assert.True(Stopwatch.GetElapsedTime(start) < Limit, "dockerd did not listen in time.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
