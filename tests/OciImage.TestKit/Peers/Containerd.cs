using System.Diagnostics;
using System.Net.Sockets;
using Xunit;

namespace OciImage.TestKit.Peers;

/// <summary>A containerd of the test's own, with its root, state and socket in a directory of the caller's.</summary>
public sealed class Containerd : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Task _drain;
    private readonly Peer _ctr;

    private Containerd(Process process, Task drain, Peer ctr, string address)
    {
        _process = process;
        _drain = drain;
        _ctr = ctr;
        Address = address;
    }

    /// <summary>Gets the path of the socket.</summary>
    public string Address { get; }

    /// <summary>Starts a containerd and returns when it answers; skips the test where there is none, or nobody may start it.</summary>
    /// <param name="directory">The directory for its root, its state and its socket; not deep, since a socket's path is short.</param>
    public static async Task<Containerd> StartAsync(string directory)
    {
        Peer daemon = Peer.Require("containerd");
        Peer ctr = Peer.Require("ctr");
        Peer.RequireRoot();
        string address = Path.Combine(directory, "c.sock");
        string configuration = Path.Combine(directory, "config.toml");
        await File.WriteAllTextAsync(
            configuration,
            $"""
            version = 2
            root = "{Path.Combine(directory, "root")}"
            state = "{Path.Combine(directory, "state")}"
            disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.devmapper"]
            [grpc]
              address = "{address}"
            [debug]
              level = "warn"
            """);
        Process process = PeerProcess.Start(daemon.Path, ["--config", configuration]);
        var drain = Task.WhenAll(
            process.StandardOutput.BaseStream.CopyToAsync(Stream.Null), process.StandardError.BaseStream.CopyToAsync(Stream.Null));
        var containerd = new Containerd(process, drain, ctr, address);
        try
        {
            await containerd.WaitAsync();
            return containerd;
        }
        catch
        {
            await containerd.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs <c>ctr</c> in a namespace; it must succeed. Returns its standard output.</summary>
    public Task<string> RunAsync(string name, params IReadOnlyList<string> arguments) =>
        _ctr.RunOkAsync(["-a", Address, "-n", name, .. arguments]);

    /// <summary>Runs <c>ctr</c> in a namespace to whatever end.</summary>
    public Task<PeerResult> TryRunAsync(string name, params IReadOnlyList<string> arguments) =>
        _ctr.RunAsync(["-a", Address, "-n", name, .. arguments]);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        await _drain;
        _process.Dispose();
    }

    // The socket is bound before the services answer: the first question waits for them.
    private async Task WaitAsync()
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            Assert.False(_process.HasExited, "containerd ended before it listened.");
            if (await IsListeningAsync())
            {
                await RunAsync("default", "version");
                return;
            }

            Assert.True(Stopwatch.GetElapsedTime(start) < Limit, "containerd did not listen in time.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private async Task<bool> IsListeningAsync()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Address), TestContext.Current.CancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
