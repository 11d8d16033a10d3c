using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using OciImage.TestKit;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.TestKit;

public sealed class CuttingProxyTests
{
    private const int Size = 1_000_000;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null)]
    [InlineData(777)]
    public async Task Proxy_PassesEverythingBothWays(int? trickle)
    {
        byte[] content = TestContent.Bytes(200_000);
        await using ScriptedRegistry server = await ScriptedRegistry.StartAsync(
            context => context.Request.Body.CopyToAsync(context.Response.Body));
        await using var proxy = new CuttingProxy(server.Host, new CuttingPlan { TrickleSize = trickle });
        using var client = new HttpClient();

        using HttpResponseMessage response = await client.PostAsync(
            new Uri($"http://{proxy.Host}/echo"), new ByteArrayContent(content), Cancelled);

        Assert.Equal(content, await response.Content.ReadAsByteArrayAsync(Cancelled));
        Assert.Equal((0, 1), (proxy.Cuts, proxy.Connections));
        Assert.InRange(proxy.BytesToServer, content.Length, content.Length + 1000);
        Assert.InRange(proxy.BytesToClient, content.Length, content.Length + 100_000);
    }

    [Theory]
    [InlineData(CutKind.End)]
    [InlineData(CutKind.Reset)]
    [InlineData(CutKind.Either)]
    public async Task Proxy_CutsWhatTheServerSendsAfterTheSameBytesForTheSameSeed(CutKind kind)
    {
        var plan = new CuttingPlan { Seed = 7, MinGap = 1000, MaxGap = 900_000, MaxCutsToClient = 3, Kind = kind };

        List<long> first = await PullAsync(plan);
        List<long> second = await PullAsync(plan);
        List<long> other = await PullAsync(plan with { Seed = 8 });

        Assert.Equal(4, first.Count);
        Assert.Equal(first, second);
        Assert.NotEqual(first, other);
    }

    [Theory]
    [InlineData(CutKind.End)]
    [InlineData(CutKind.Reset)]
    public async Task Proxy_CutsWhatTheClientSends(CutKind kind)
    {
        var arrived = new List<long>();
        await using ScriptedRegistry server = await ScriptedRegistry.StartAsync(async context =>
        {
            long count = 0;
            try
            {
                byte[] buffer = new byte[10_000];
                for (int read; (read = await context.Request.Body.ReadAsync(buffer, Cancelled)) > 0; count += read)
                {
                }
            }
            finally
            {
                arrived.Add(count);
            }
        });
        var plan = new CuttingPlan { MinGap = 500_000, MaxGap = 500_000, MaxCutsToServer = 1, Kind = kind };
        await using var proxy = new CuttingProxy(server.Host, plan);
        using var client = new HttpClient();

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.PostAsync(
            new Uri($"http://{proxy.Host}/"), new ByteArrayContent(TestContent.Bytes(Size)), Cancelled));
        long cutAfter = proxy.BytesToServer;
        using HttpResponseMessage response = await client.PostAsync(
            new Uri($"http://{proxy.Host}/"), new ByteArrayContent(TestContent.Bytes(Size)), Cancelled);

        Assert.Equal((1, 500_000), (proxy.Cuts, cutAfter));
        Assert.Equal(200, (int)response.StatusCode);
        Assert.All(arrived, count => Assert.InRange(count, 0, count == Size ? Size : 500_000));
        Assert.Contains(Size, arrived);
    }

    [Fact]
    public async Task Proxy_EndsAConnectionWhoseServerIsGone()
    {
        using var gone = new TcpListener(System.Net.IPAddress.Loopback, 0);
        gone.Start();
        string host = gone.LocalEndpoint.ToString()!;
        gone.Stop();
        await using var proxy = new CuttingProxy(host);
        using var client = new HttpClient();

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.GetAsync(new Uri($"http://{proxy.Host}/"), Cancelled));

        Assert.Equal(0, proxy.BytesToServer);
    }

    /// <summary>Pulls until one pull is whole; returns how many bytes had passed after each.</summary>
    private static async Task<List<long>> PullAsync(CuttingPlan plan)
    {
        byte[] content = TestContent.Bytes(Size);
        await using ScriptedRegistry server = await ScriptedRegistry.StartAsync(async context =>
        {
            context.Response.ContentLength = Size;
            await context.Response.Body.WriteAsync(content, context.RequestAborted);
        });
        await using var proxy = new CuttingProxy(server.Host, plan);
        var passed = new List<long>();
        while (true)
        {
            // A new connection each time, so that the bytes do not depend on what is kept open.
            using var client = new HttpClient();
            byte[]? bytes = null;
            try
            {
                bytes = await client.GetByteArrayAsync(new Uri($"http://{proxy.Host}/"), Cancelled);
            }
            catch (HttpRequestException)
            {
                Assert.InRange(proxy.Cuts, 1, plan.MaxCutsToClient);
            }

            passed.Add(proxy.BytesToClient);
            if (bytes is not null)
            {
                Assert.Equal(content, bytes);
                return passed;
            }
        }
    }
}
