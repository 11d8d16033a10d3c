using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using OciImage.TestKit;

namespace OciImage.Tests.TestKit;

public sealed class TestAuthorityTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _stranger = new();
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _authority.Dispose();
        _stranger.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    public async Task Certificates_ServeBothEndsOfAConnection(string host)
    {
        Exception? fault = await HandshakeAsync(_authority.IssueServer(), host, _authority.IssueClient());

        Assert.Null(fault);
    }

    [Fact]
    public async Task Certificates_OfAStrangerAreRefused()
    {
        Exception? server = await HandshakeAsync(_stranger.IssueServer(), "localhost", _authority.IssueClient());
        Exception? client = await HandshakeAsync(_authority.IssueServer(), "localhost", _stranger.IssueClient());

        Assert.IsType<AuthenticationException>(server);
        Assert.IsType<AuthenticationException>(client);
    }

    [Theory]
    [InlineData("another.test", "localhost")] // another name
    [InlineData("localhost", "127.0.0.1")] // a name is no address
    public async Task Certificate_HoldsForItsNamesOnly(string issued, string host)
    {
        Exception? fault = await HandshakeAsync(_authority.IssueServer(issued), host, _authority.IssueClient());

        Assert.IsType<AuthenticationException>(fault);
    }

    [Fact]
    public void Write_MakesFilesThatAreReadBack()
    {
        using X509Certificate2 issued = _authority.IssueClient("ann");

        PemFiles files = TestAuthority.Write(_directory, "registry/client", issued, "cert");

        using X509Certificate2 read = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
        Assert.True(read.HasPrivateKey);
        Assert.Equal(issued.Thumbprint, read.Thumbprint);
        Assert.Equal(_directory.Combine("registry", "client.cert"), files.Certificate);
        string authority = File.ReadAllText(_authority.WriteCertificate(_directory));
        Assert.DoesNotContain("PRIVATE", authority, StringComparison.Ordinal);
    }

    /// <summary>Greets over TLS; returns what the first end to object threw, or <see langword="null"/>.</summary>
    private async Task<Exception?> HandshakeAsync(X509Certificate2 server, string host, X509Certificate2 client)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var near = new TcpClient();
        await near.ConnectAsync((IPEndPoint)listener.LocalEndpoint, Cancelled);
        using TcpClient far = await listener.AcceptTcpClientAsync(Cancelled);
        using var nearStream = new SslStream(near.GetStream());
        using var farStream = new SslStream(far.GetStream());
        Task serving = ServeAsync();
        try
        {
            await nearStream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = host,
                    ClientCertificates = [client],
                    CertificateChainPolicy = Trust(),
                },
                Cancelled);
            await serving;
            return null;
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException)
        {
            near.Close();
            return await Record.ExceptionAsync(() => serving) is AuthenticationException refusal ? refusal : exception;
        }

        async Task ServeAsync() => await farStream.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = server,
                ClientCertificateRequired = true,
                CertificateChainPolicy = Trust(),
            },
            Cancelled);
    }

    private X509ChainPolicy Trust() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { _authority.Certificate },
        RevocationMode = X509RevocationMode.NoCheck,
    };
}
