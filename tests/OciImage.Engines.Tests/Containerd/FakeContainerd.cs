using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace OciImage.Engines.Tests;

/// <summary>A containerd that keeps all in memory, notes what it is asked, and fails on demand.</summary>
internal sealed class FakeContainerd : IAsyncDisposable
{
    private SocketServer? _server;

    public string Address => _server!.Address;

    /// <summary>Gets the content of each namespace.</summary>
    public ConcurrentDictionary<(string Namespace, string Digest), byte[]> Content { get; } = new();

    public ConcurrentDictionary<(string Namespace, string Digest), ConcurrentDictionary<string, string>> Labels { get; } = new();

    /// <summary>Gets what was written and not committed.</summary>
    public ConcurrentDictionary<(string Namespace, string Reference), byte[]> Ingests { get; } = new();

    public ConcurrentDictionary<(string Namespace, string Reference), bool> Locks { get; } = new();

    public ConcurrentDictionary<(string Namespace, string Name), Protocol.Image> Images { get; } = new();

    /// <summary>Gets the leases with what they hold.</summary>
    public ConcurrentDictionary<string, ConcurrentBag<string>> Leases { get; } = new();

    public ConcurrentBag<string> ExpireLabels { get; } = [];

    /// <summary>Gets the calls in their order, with the lease each was made under.</summary>
    public ConcurrentQueue<(string Method, string? Lease)> Calls { get; } = new();

    /// <summary>Gets or sets what each call throws, or nothing.</summary>
    public Func<string, RpcException?> Fault { get; set; } = _ => null;

    /// <summary>Gets or sets a call that never ends.</summary>
    public string? Silent { get; set; }

    /// <summary>Gets or sets by how much reads lie about their offset.</summary>
    public long OffsetLie { get; set; }

    /// <summary>Gets or sets by how much writes lie about their offset.</summary>
    public long WriteLie { get; set; }

    /// <summary>Gets or sets whether one bit of what is read is another.</summary>
    public bool Flips { get; set; }

    public static async Task<FakeContainerd> StartAsync()
    {
        var fake = new FakeContainerd();
        fake._server = await SocketServer.StartAsync(
            HttpProtocols.Http2,
            services =>
            {
                services.AddSingleton(fake);
                services.AddGrpc(options => options.MaxReceiveMessageSize = 16 * 1024 * 1024);
            },
            application =>
            {
                application.MapGrpcService<FakeContent>();
                application.MapGrpcService<FakeImages>();
                application.MapGrpcService<FakeLeases>();
                application.MapGrpcService<FakeNamespaces>();
                application.MapGrpcService<FakeVersion>();
            });
        return fake;
    }

    public Task<ContainerdStore> ConnectAsync(Action<ContainerdOptions>? change = null)
    {
        var options = new ContainerdOptions { Address = Address };
        change?.Invoke(options);
        return ContainerdStore.ConnectAsync(options, TestContext.Current.CancellationToken).AsTask();
    }

    /// <summary>Notes a call, fails or stops where that was wanted, and returns the namespace.</summary>
    public async Task<string> EnterAsync(string method, ServerCallContext context)
    {
        Calls.Enqueue((method, context.RequestHeaders.GetValue("containerd-lease")));
        if (Silent == method)
        {
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        }

        if (Fault(method) is { } fault)
        {
            throw fault;
        }

        return context.RequestHeaders.GetValue("containerd-namespace") ??
            throw new RpcException(new Status(StatusCode.FailedPrecondition, "namespace is required"));
    }

    public static RpcException Error(StatusCode code, string detail) => new(new Status(code, detail));

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? default;
}
