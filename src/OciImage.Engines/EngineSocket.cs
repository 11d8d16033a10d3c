using System.Net.Sockets;

namespace OciImage.Engines;

/// <summary>The Unix socket of an engine.</summary>
/// <param name="Engine">The engine's name, for messages.</param>
/// <param name="Path">The path of the socket.</param>
/// <param name="Variable">The variable that names another socket.</param>
internal sealed record EngineSocket(string Engine, string Path, string Variable)
{
    private const string Scheme = "unix://";

    /// <summary>Reads a path, or <c>unix://</c> and a path.</summary>
    /// <exception cref="ArgumentException">The text is no address of a Unix socket.</exception>
    public static string ParsePath(string address, string engine)
    {
        ArgumentException.ThrowIfNullOrEmpty(address);
        string path = address.StartsWith(Scheme, StringComparison.Ordinal) ? address[Scheme.Length..] : address;
        if (path.Length == 0 || path.Contains("://", StringComparison.Ordinal) || path.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"'{EngineText.Of(address)}' is no address of {engine} that is supported: a path, or 'unix://' and a path.");
        }

        try
        {
            _ = new UnixDomainSocketEndPoint(path);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            throw new ArgumentException(
                $"'{EngineText.Of(address)}' is longer than the path of a socket can be.", exception);
        }

        return path;
    }

    /// <summary>Connects to the socket.</summary>
    /// <exception cref="EngineException">Nobody listens there, or this process may not connect.</exception>
    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path), cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception exception)
        {
            socket.Dispose();
            if (exception is SocketException failure)
            {
                throw Refused(failure);
            }

            throw;
        }
    }

    public EngineException Error(EngineErrorKind kind, string message, Exception? cause = null) =>
        new(kind, message, cause) { Socket = Path };

    public EngineException NoAnswer(string action, TimeSpan limit, Exception? cause = null) => Error(
        EngineErrorKind.NoAnswer,
        $"Cannot {action}: what listens at '{Path}' did not answer within {limit.TotalSeconds:0.#} seconds. Is it {Engine}, and is it well?",
        cause);

    private EngineException Refused(SocketException failure) => failure.SocketErrorCode == SocketError.AccessDenied
        ? Error(
            EngineErrorKind.NotPermitted,
            $"This user may not connect to {Engine} at '{Path}'. Run as root, or as a member of the group that owns the socket.",
            failure)
        : Error(
            EngineErrorKind.Unreachable,
            $"Cannot connect to {Engine} at '{Path}': {ReasonOf(failure)}. Is it running? {Variable} names another socket.",
            failure);

    // A missing socket has the message of an address that is none of this machine's.
    private static string ReasonOf(SocketException failure) =>
        failure.SocketErrorCode == SocketError.AddressNotAvailable ? "there is no such socket" : EngineText.Of(failure.Message);
}
