using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace OciImage.Engines.Tests;

/// <summary>A Docker Engine that answers a load as a test wants it.</summary>
internal sealed class FakeDocker : IAsyncDisposable
{
    private SocketServer? _server;

    public string Address => _server!.Address;

    public string ApiVersion { get; set; } = "1.41";

    /// <summary>Gets or sets how a load, a get, a list or a change is answered.</summary>
    public Func<HttpContext, Task> Answer { get; set; } = context => context.Response.WriteAsync("");

    public static async Task<FakeDocker> StartAsync()
    {
        var fake = new FakeDocker();
        fake._server = await SocketServer.StartAsync(
            HttpProtocols.Http1,
            _ => { },
            application => application.Run(context => fake.HandleAsync(context)));
        return fake;
    }

    public Task<DockerEngine> ConnectAsync(Action<DockerEngineOptions>? change = null)
    {
        var options = new DockerEngineOptions { Address = Address };
        change?.Invoke(options);
        return DockerEngine.ConnectAsync(options, TestContext.Current.CancellationToken).AsTask();
    }

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? default;

    private Task HandleAsync(HttpContext context)
    {
        context.Response.Headers["Api-Version"] = ApiVersion;
        return context.Request.Path.Value switch
        {
            "/_ping" => context.Response.WriteAsync("OK"),
            { } path when path.EndsWith("/version", StringComparison.Ordinal) =>
                context.Response.WriteAsync("""{"Version":"20.10.0-fake","Os":"linux","Arch":"amd64"}"""),
            _ => Answer(context),
        };
    }
}
