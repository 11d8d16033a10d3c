using System.Net;
using System.Net.Sockets;

namespace OciImage.TestKit.Registry;

/// <summary>A TCP proxy on a loopback port in front of a server, which cuts connections after as many bytes as its plan says.</summary>
public sealed class CuttingProxy : IAsyncDisposable
{
    private const int BufferSize = 64 * 1024;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly string _server;
    private readonly CuttingPlan _plan;
    private readonly CutSide _toServer;
    private readonly CutSide _toClient;
    private readonly Task _serving;
    private int _connections;
    private int _cuts;

    /// <summary>Starts a proxy.</summary>
    /// <param name="server">The address and port of the server.</param>
    /// <param name="plan">Where to cut, or <see langword="null"/> to let everything pass.</param>
    public CuttingProxy(string server, CuttingPlan? plan = null)
    {
        _server = server;
        _plan = plan ?? new CuttingPlan();
        _toServer = new CutSide(_plan, _plan.Seed, _plan.MaxCutsToServer);
        _toClient = new CutSide(_plan, ~_plan.Seed, _plan.MaxCutsToClient);
        _listener.Start();
        _serving = ServeAsync();
    }

    /// <summary>Gets the address and port to use in place of the server's.</summary>
    public string Host => _listener.LocalEndpoint.ToString()!;

    /// <summary>Gets how many bytes of clients were passed to the server.</summary>
    public long BytesToServer => _toServer.Bytes;

    /// <summary>Gets how many bytes of the server were passed to clients.</summary>
    public long BytesToClient => _toClient.Bytes;

    /// <summary>Gets how many connections were cut.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    /// <summary>Gets how many connections clients opened.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        var running = new List<Task>();
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                running.RemoveAll(task => task.IsCompleted);
                running.Add(RelayAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(running);
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using Socket near = client;
        using var far = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        try
        {
            // Little is kept on the way, so that a cut loses little that was counted.
            near.NoDelay = far.NoDelay = true;
            near.SendBufferSize = far.SendBufferSize = BufferSize;
            await far.ConnectAsync(IPEndPoint.Parse(_server), end.Token);
            await Task.WhenAll(PumpAsync(near, far, _toServer, end), PumpAsync(far, near, _toClient, end));
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // One end is gone; disposing both tells the other.
        }
    }

    /// <summary>Passes one direction on until it ends or is cut; ends the other direction where it did not end by itself.</summary>
    private async Task PumpAsync(Socket from, Socket to, CutSide side, CancellationTokenSource end)
    {
        byte[] buffer = new byte[_plan.TrickleSize ?? BufferSize];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer, end.Token)) > 0)
            {
                int passing = side.Take(count, out CutKind? cut);
                await SendAsync(to, buffer.AsMemory(0, passing), end.Token);
                if (cut is { } kind)
                {
                    Cut(from, to, kind);
                    await end.CancelAsync();
                    return;
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            await end.CancelAsync();
        }
    }

    private static bool IsEnd(Exception exception) =>
        exception is SocketException or OperationCanceledException or ObjectDisposedException;

    private static async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await to.SendAsync(bytes, cancellationToken)..];
        }
    }

    private void Cut(Socket from, Socket to, CutKind kind)
    {
        Interlocked.Increment(ref _cuts);
        foreach (Socket socket in new[] { from, to })
        {
            if (kind == CutKind.Reset)
            {
                // Closing with a linger of nothing sends RST.
                socket.LingerState = new LingerOption(true, 0);
                socket.Close();
            }
            else
            {
                socket.Shutdown(SocketShutdown.Both);
            }
        }
    }
}
