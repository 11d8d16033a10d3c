using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OciImage.TestKit;

namespace OciImage.Engines.Tests;

/// <summary>A server on a Unix socket of its own.</summary>
internal sealed class SocketServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly TemporaryDirectory _directory;

    private SocketServer(WebApplication application, TemporaryDirectory directory, string address)
    {
        _application = application;
        _directory = directory;
        Address = address;
    }

    public string Address { get; }

    public static async Task<SocketServer> StartAsync(
        HttpProtocols protocols, Action<IServiceCollection> addServices, Action<WebApplication> map)
    {
        var directory = new TemporaryDirectory();
        string address = directory.Combine("s.sock");
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.Limits.MaxRequestBodySize = null;
            options.ListenUnixSocket(address, listen => listen.Protocols = protocols);
        });
        addServices(builder.Services);
        WebApplication application = builder.Build();
        map(application);
        await application.StartAsync(TestContext.Current.CancellationToken);

        return new SocketServer(application, directory, address);
    }

    public async ValueTask DisposeAsync()
    {
        // A test that left a call open does not wait for it.
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _application.StopAsync(now.Token);
        await _application.DisposeAsync();
        _directory.Dispose();
    }
}
