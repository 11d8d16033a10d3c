using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OciImage.TestKit.Registry;

/// <summary>Answers each connection with given bytes and closes it, whatever the answer's length promised.</summary>
public sealed class BreakingServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Queue<string> _answers;
    private readonly Task _serving;

    /// <summary>Starts the server with an answer for each connection; the last one serves all that follow.</summary>
    public BreakingServer(params string[] answers)
    {
        _answers = new Queue<string>(answers);
        _listener.Start();
        _serving = ServeAsync();
    }

    /// <summary>Gets the host and port.</summary>
    public string Host => _listener.LocalEndpoint.ToString()!;

    /// <summary>Gets the Range header of each request.</summary>
    public List<string?> Ranges { get; } = [];

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
        try
        {
            while (true)
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                await AnswerAsync(client.GetStream());
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        string? range = null;
        while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } line)
        {
            range = line.StartsWith("Range: ", StringComparison.OrdinalIgnoreCase) ? line["Range: ".Length..] : range;
        }

        Ranges.Add(range);
        string answer = _answers.Count > 1 ? _answers.Dequeue() : _answers.Peek();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), _stop.Token);
        stream.Socket.Shutdown(SocketShutdown.Send);
    }
}
