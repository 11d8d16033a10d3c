using System.Net.Sockets;
using System.Text;
using OciImage.TestKit;

namespace OciImage.Engines.Tests;

/// <summary>A Docker Engine that answers a load by its head alone, and then closes the connection or only reads no more.</summary>
internal sealed class RawDocker : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly List<Socket> _open = [];
    private readonly string _answer;
    private readonly bool _closes;

    public RawDocker(string answer, bool closes)
    {
        _answer = answer;
        _closes = closes;
        Address = _directory.Combine("s.sock");
        _listener.Bind(new UnixDomainSocketEndPoint(Address));
        _listener.Listen();
        _ = AcceptAsync();
    }

    public string Address { get; }

    public void Dispose()
    {
        _listener.Dispose();
        _open.ForEach(socket => socket.Dispose());
        _directory.Dispose();
    }

    private async Task AcceptAsync()
    {
        const string Version = """{"Version":"1","Os":"linux","Arch":"amd64"}""";
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptAsync();
                string head = await ReadHeadAsync(socket);
                string answer = head.Contains("/_ping", StringComparison.Ordinal)
                        ? "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    : head.Contains("/version", StringComparison.Ordinal)
                        ? $"HTTP/1.1 200 OK\r\nContent-Length: {Version.Length}\r\nConnection: close\r\n\r\n{Version}"
                    : _answer;
                await socket.SendAsync(Encoding.UTF8.GetBytes(answer));
                if (answer == _answer && !_closes)
                {
                    _open.Add(socket);
                    continue;
                }

                socket.Dispose();
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
        }
    }

    private static async Task<string> ReadHeadAsync(Socket socket)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await socket.ReceiveAsync(one) == 1)
        {
            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
