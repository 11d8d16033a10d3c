using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace OciImage.TestKit.Registry;

/// <summary>A server on a loopback port that answers as a test says, and remembers what it was asked.</summary>
public sealed class ScriptedRegistry : IAsyncDisposable
{
    private readonly WebApplication _application;

    private ScriptedRegistry(WebApplication application)
    {
        _application = application;
    }

    /// <summary>Gets the host and port.</summary>
    public string Host => new Uri(_application.Urls.First()).Authority;

    /// <summary>Gets the requests so far: method, path with query, and the Authorization header.</summary>
    public ConcurrentQueue<(string Method, string Path, string? Authorization)> Requests { get; } = new();

    /// <summary>Starts a server whose script is called for each request.</summary>
    public static async Task<ScriptedRegistry> StartAsync(Func<HttpContext, Task> script)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(options => options.AllowSynchronousIO = true);
        WebApplication application = builder.Build();
        var registry = new ScriptedRegistry(application);
        application.Run(async context =>
        {
            registry.Requests.Enqueue((
                context.Request.Method,
                context.Request.Path.Value + context.Request.QueryString.Value,
                context.Request.Headers.Authorization));
            await script(context);
        });
        await application.StartAsync();

        return registry;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _application.DisposeAsync();
}
