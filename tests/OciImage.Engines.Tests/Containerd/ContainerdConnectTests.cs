using Grpc.Core;
using OciImage.TestKit;

namespace OciImage.Engines.Tests;

public sealed class ContainerdConnectTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ConnectAsync_ToASilentSocket_Ends()
    {
        using var socket = new SilentSocket();
        var options = new ContainerdOptions { Address = socket.Address, ConnectTimeout = TimeSpan.FromMilliseconds(300) };

        var error = await Assert.ThrowsAsync<EngineException>(async () => await ContainerdStore.ConnectAsync(options, Token));

        Assert.Equal((EngineErrorKind.NoAnswer, socket.Address), (error.Kind, error.Socket));
        Assert.Contains(socket.Address, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    public async Task ConnectAsync_ToWhatIsNoContainerd_SaysSo(string greeting)
    {
        using var socket = new SilentSocket(greeting);
        var options = new ContainerdOptions { Address = $"unix://{socket.Address}", ConnectTimeout = TimeSpan.FromSeconds(5) };

        var error = await Assert.ThrowsAsync<EngineException>(async () => await ContainerdStore.ConnectAsync(options, Token));

        Assert.True(error.Kind is EngineErrorKind.InvalidAnswer or EngineErrorKind.Unreachable, error.Message);
        Assert.Contains(socket.Address, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectAsync_WithoutASocket_SaysWhatToDo()
    {
        using var directory = new TemporaryDirectory();
        var options = new ContainerdOptions { Address = directory.Combine("none.sock") };

        var error = await Assert.ThrowsAsync<EngineException>(async () => await ContainerdStore.ConnectAsync(options, Token));

        Assert.Equal(EngineErrorKind.Unreachable, error.Kind);
        Assert.Contains("CONTAINERD_ADDRESS", error.Message, StringComparison.Ordinal);
        Assert.Contains("there is no such socket", error.Message, StringComparison.Ordinal);
        Assert.Contains(options.Address, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectAsync_IsCancelled()
    {
        using var socket = new SilentSocket();
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await ContainerdStore.ConnectAsync(new ContainerdOptions { Address = socket.Address }, cancellation.Token));
    }

    [Theory]
    [InlineData(StatusCode.PermissionDenied, EngineErrorKind.NotPermitted)]
    [InlineData(StatusCode.Unauthenticated, EngineErrorKind.NotPermitted)]
    [InlineData(StatusCode.Unimplemented, EngineErrorKind.Unsupported)]
    [InlineData(StatusCode.Unavailable, EngineErrorKind.Busy)]
    [InlineData(StatusCode.DeadlineExceeded, EngineErrorKind.NoAnswer)]
    [InlineData(StatusCode.Internal, EngineErrorKind.Failed)]
    [InlineData((StatusCode)99, EngineErrorKind.Failed)] // no code that anybody knows
    public async Task Members_TellWhatContainerdSays(StatusCode code, EngineErrorKind kind)
    {
        await using FakeContainerd containerd = await FakeContainerd.StartAsync();
        await using ContainerdStore store = await containerd.ConnectAsync();
        containerd.Fault = _ => FakeContainerd.Error(code, "the\u001b[31m reason");

        var error = await Assert.ThrowsAsync<EngineException>(async () => await store.ListNamespacesAsync(Token));

        Assert.Equal(kind, error.Kind);
        Assert.DoesNotContain("\u001b", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Info")]
    [InlineData("Read")]
    [InlineData("Write")]
    public async Task Members_DoNotWaitForEver(string method)
    {
        await using FakeContainerd containerd = await FakeContainerd.StartAsync();
        await using ContainerdStore store = await containerd.ConnectAsync(options => options.Timeout = TimeSpan.FromMilliseconds(300));
        Descriptor there = TestContent.Describe("there");
        await store.PushAsync(there, TestContent.Of("there"), Token);
        containerd.Silent = method;

        var error = await Assert.ThrowsAsync<EngineException>(async () =>
        {
            await store.PushAsync(TestContent.Describe("hello"), TestContent.Of("hello"), Token);
            await TestContent.ReadAsync(store, there);
        });

        Assert.Equal(EngineErrorKind.NoAnswer, error.Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("version")]
    [InlineData("a..b")]
    [InlineData("-a")]
    [InlineData("a/b")]
    [InlineData("a\nb")]
    public void Namespace_HasContainerdsGrammar(string name) =>
        Assert.ThrowsAny<ArgumentException>(() => new ContainerdOptions { Namespace = name });

    [Theory]
    [InlineData("")]
    [InlineData("tcp://127.0.0.1:1")]
    [InlineData("unix://")]
    [InlineData("a\0b")]
    public void Address_IsThatOfAUnixSocket(string address)
    {
        Assert.ThrowsAny<ArgumentException>(() => new ContainerdOptions { Address = address });
        Assert.ThrowsAny<ArgumentException>(() => new DockerEngineOptions { Address = address });
        Assert.ThrowsAny<ArgumentException>(() => new DockerEngineOptions { Address = $"/{new string('a', 120)}" });
    }

    [Fact]
    public void FromEnvironment_ReadsTheVariables()
    {
        var variables = new Dictionary<string, string?> { ["CONTAINERD_ADDRESS"] = "unix:///x/y.sock", ["CONTAINERD_NAMESPACE"] = "k8s.io" };

        var options = ContainerdOptions.FromEnvironment(variables.GetValueOrDefault);
        var defaults = ContainerdOptions.FromEnvironment(_ => null);

        Assert.Equal(("/x/y.sock", "k8s.io"), (options.Address, options.Namespace));
        Assert.Equal(("/run/containerd/containerd.sock", "default"), (defaults.Address, defaults.Namespace));
    }
}
