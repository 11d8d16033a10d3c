using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OciImage.Cli.Tests;

/// <summary>A registry on loopback that gives to every request the answer that a test thinks of, or none.</summary>
internal sealed class ScriptedRegistry : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Func<string, string?> _answer;
    private readonly Task _serving;

    /// <summary>Starts the registry.</summary>
    /// <param name="answer">Makes of the request's head an answer's status line and headers, or null to stay silent.</param>
    public ScriptedRegistry(Func<string, string?> answer)
    {
        _answer = answer;
        _listener.Start();
        Host = $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
        _serving = ServeAsync();
    }

    public string Host { get; }

    /// <summary>Gets a task that ends when the first request has come.</summary>
    public Task Asked => _asked.Task;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _serving;
        _end.Dispose();
    }

    private async Task ServeAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_end.Token);
                connections.Add(AnswerAsync(client));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                NetworkStream stream = client.GetStream();
                var request = new StringBuilder();
                var buffer = new byte[4096];
                while (!request.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
                {
                    int read = await stream.ReadAsync(buffer, _end.Token);
                    if (read == 0)
                    {
                        return;
                    }

                    request.Append(Encoding.Latin1.GetString(buffer, 0, read));
                }

                _asked.TrySetResult();
                if (_answer(request.ToString()) is not string answer)
                {
                    await Task.Delay(Timeout.Infinite, _end.Token);
                    return;
                }

                string head = $"HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                await stream.WriteAsync(Encoding.Latin1.GetBytes(head), _end.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The test is over, or the client has gone.
        }
    }
}
