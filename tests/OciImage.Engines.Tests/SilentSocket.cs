using System.Net.Sockets;
using System.Text;
using OciImage.TestKit;

namespace OciImage.Engines.Tests;

/// <summary>A Unix socket that accepts, says something or nothing, and never answers what it is asked.</summary>
internal sealed class SilentSocket : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly List<Socket> _accepted = [];

    public SilentSocket(string greeting = "")
    {
        Address = _directory.Combine("s.sock");
        _listener.Bind(new UnixDomainSocketEndPoint(Address));
        _listener.Listen();
        _ = AcceptAsync(greeting);
    }

    public string Address { get; }

    public void Dispose()
    {
        _listener.Dispose();
        lock (_accepted)
        {
            _accepted.ForEach(socket => socket.Dispose());
        }

        _directory.Dispose();
    }

    private async Task AcceptAsync(string greeting)
    {
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptAsync();
                lock (_accepted)
                {
                    _accepted.Add(socket);
                }

                await socket.SendAsync(Encoding.ASCII.GetBytes(greeting));
            }
        }
        catch (SocketException)
        {
        }
        catch (ObjectDisposedException)
        {
        }
    }
}
