using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OciImage.Content;

namespace OciImage.Server;

/// <summary>A registry with a server of its own: for a quick start, for tests, for serving a directory.</summary>
/// <remarks>
/// It speaks plain HTTP, writes no log and handles no signals. Disposing stops it, after the requests that are under way
/// had a moment to end.
/// </remarks>
public sealed class RegistryServer : IAsyncDisposable
{
    // A slow client may pause to read its disk; one that stays silent longer only holds a connection.
    private static readonly MinDataRate MinUploadRate = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(30));
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private readonly WebApplication _application;
    private readonly RegistryDispatcher _dispatcher;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _disposed;

    private RegistryServer(WebApplication application, RegistryDispatcher dispatcher)
    {
        _application = application;
        _dispatcher = dispatcher;
        string address = application.Services.GetRequiredService<IServer>().Features
            .Get<IServerAddressesFeature>()!.Addresses.First();
        Address = new Uri(address);
        Host = $"{Address.Host}:{Address.Port}";
    }

    /// <summary>Gets the address that is listened on, such as <c>127.0.0.1:5000</c>.</summary>
    public string Host { get; }

    /// <summary>Gets the URI of the registry, such as <c>http://127.0.0.1:5000/</c>.</summary>
    public Uri Address { get; }

    /// <summary>Starts a registry.</summary>
    /// <param name="repositories">The repositories that are served. Not disposed with the server.</param>
    /// <param name="listen">An IP address or <c>localhost</c>, a colon and a port; port 0 takes a free one.</param>
    /// <param name="options">The options, copied, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <returns>The server, which listens already.</returns>
    /// <exception cref="FormatException"><paramref name="listen"/> is no address and port.</exception>
    /// <exception cref="IOException">The address cannot be listened on; another program may do so.</exception>
    public static async ValueTask<RegistryServer> StartAsync(
        IRepositoryProvider repositories,
        string listen = "127.0.0.1:0",
        RegistryServerOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(repositories);
        IPEndPoint endPoint = ListenAddress.Parse(listen);
        var dispatcher = new RegistryDispatcher(repositories, options);
        WebApplication application = Build(endPoint);
        try
        {
            application.UseRouting();
            dispatcher.Map(application);
            await application.StartAsync(cancellationToken).ConfigureAwait(false);

            return new RegistryServer(application, dispatcher);
        }
        catch
        {
            await application.DisposeAsync().ConfigureAwait(false);
            await dispatcher.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits until the server was disposed.</summary>
    /// <param name="cancellationToken">Ends the waiting, not the server.</param>
    /// <returns>A task that ends when the server has stopped.</returns>
    /// <exception cref="OperationCanceledException">The waiting was cancelled.</exception>
    public Task WaitForShutdownAsync(CancellationToken cancellationToken = default) =>
        _stopped.Task.WaitAsync(cancellationToken);

    /// <summary>Stops the server. Uploads that are under way are kept where the store keeps them.</summary>
    /// <returns>A task that ends when nothing is listened on any more.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            await _stopped.Task.ConfigureAwait(false);
            return;
        }

        try
        {
            using var timeout = new CancellationTokenSource(StopTimeout);
            await _application.StopAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Somebody would not end; the connection is closed under it now.
        }
        finally
        {
            await _application.DisposeAsync().ConfigureAwait(false);
            await _dispatcher.DisposeAsync().ConfigureAwait(false);
            _stopped.TrySetResult();
        }
    }

    private static WebApplication Build(IPEndPoint endPoint)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, SilentLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = MinUploadRate;
            kestrel.Listen(endPoint);
        });

        return builder.Build();
    }
}
