using OciImage.Content;
using OciImage.Registry;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.Registry;

public sealed class BlobResumeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OpenRead_DoesNotFollowATrickleForEver() // R04: a byte a connection
    {
        string content = new('x', 100);
        await using var registry = new BreakingServer(
        [
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx",
            .. Enumerable.Range(1, 50).Select(
                i => $"HTTP/1.1 206 Partial Content\r\nContent-Length: {100 - i}\r\nContent-Range: bytes {i}-99/100\r\n\r\nx"),
        ]);
        using RegistryClient client = RegistryFixture.CreateClient();
        await using ContentStream stream = await client
            .GetRepository(registry.Host, RegistryFixture.Repository).OpenReadAsync(RegistryFixture.Blob(content), Token);

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await stream.CompleteAsync(Token));

        Assert.True(error.IsTransient);
        Assert.True(registry.Ranges.Count <= 4);
    }

    [Fact]
    public async Task OpenRead_TakesTheSameBytesForNothingOnlySoOften()
    {
        string content = new('x', 2_000_000);
        string head = $"HTTP/1.1 200 OK\r\nContent-Length: {content.Length}\r\n\r\n";
        await using var registry = new BreakingServer(
            [.. Enumerable.Range(1, 20).Select(i => head + content[..(i * 90_000)])]);
        using RegistryClient client = RegistryFixture.CreateClient();
        await using ContentStream stream = await client
            .GetRepository(registry.Host, RegistryFixture.Repository).OpenReadAsync(RegistryFixture.Blob(content), Token);

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await stream.CompleteAsync(Token));

        Assert.Contains("from its start each time", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenRead_ResumesForASynchronousReaderToo()
    {
        await using var registry = new BreakingServer(
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\ncon",
            "HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\nContent-Range: bytes 3-6/7\r\n\r\ntent");
        using RegistryClient client = RegistryFixture.CreateClient();
        await using ContentStream stream = await client
            .GetRepository(registry.Host, RegistryFixture.Repository).OpenReadAsync(RegistryFixture.Blob("content"), Token);
        using var copy = new MemoryStream();

        await Task.Run(() => stream.CopyTo(copy), Token);

        Assert.Equal("content"u8.ToArray(), copy.ToArray());
        Assert.True(stream.IsVerified);
    }
}
