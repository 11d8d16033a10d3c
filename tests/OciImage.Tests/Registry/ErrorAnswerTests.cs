using System.Net;
using Microsoft.AspNetCore.Http;
using OciImage.Registry;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.Registry;

public sealed class ErrorAnswerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", null)]
    [InlineData("<html><body>Sorry</body></html>", null)]
    [InlineData("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", null)]
    [InlineData("no entry", "no entry")]
    [InlineData("""{"message":"no entry"}""", "no entry")]
    [InlineData("""{"errors":"no entry"}""", "no entry")]
    [InlineData("""{"errors":null}""", "errors")]
    [InlineData("""{"errors":[null]}""", "errors")]
    [InlineData("""{"errors":[{}]}""", "no code: no message")]
    [InlineData("""{"errors":[{"code":5}]}""", "code")]
    [InlineData("\u0001\u0002\u001b[31m", "?[31m")]
    public async Task Body_OfAnyKindIsSurvived(string body, string? shown)
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = 403;
            return context.Response.WriteAsync(body);
        });
        using RegistryClient client = RegistryFixture.CreateClient();

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await client
            .GetRepository(registry.Host, RegistryFixture.Repository).FetchManifestAsync("v1", Token));

        Assert.Equal(HttpStatusCode.Forbidden, error.StatusCode);
        Assert.Empty(error.Codes);
        Assert.DoesNotContain("<", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', error.Message);
        if (shown is not null)
        {
            Assert.Contains(shown, error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 403 Forbidden\r\nContent-Length: 1000\r\n\r\n{\"errors\":[")] // half a body
    [InlineData("HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")] // a chunk that is none
    public async Task Body_ThatBreaksOffLeavesTheStatus(string answer)
    {
        await using var registry = new BreakingServer(answer);
        using RegistryClient client = RegistryFixture.CreateClient();

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await client
            .GetRepository(registry.Host, RegistryFixture.Repository).FetchManifestAsync("v1", Token));

        Assert.Equal(HttpStatusCode.Forbidden, error.StatusCode);
    }

    [Theory]
    [InlineData("")] // closed without a word
    [InlineData("HTTP/1.1 ")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")]
    public async Task Answer_ThatIsNoneIsToldAsSuch(string answer)
    {
        await using var registry = new BreakingServer(answer);
        using RegistryClient client = RegistryFixture.CreateClient();

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await client
            .GetRepository(registry.Host, RegistryFixture.Repository).FetchManifestAsync("v1", Token));

        Assert.Null(error.StatusCode);
        Assert.Contains($"http://{registry.Host}/v2/test/app/manifests/v1", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html>sign in")] // a captive portal
    public async Task Manifest_ThatIsNoDocumentIsRefused(string answer)
    {
        await using var registry = new BreakingServer(answer);
        using RegistryClient client = RegistryFixture.CreateClient();

        await Assert.ThrowsAsync<DocumentFormatException>(async () => await client
            .GetRepository(registry.Host, RegistryFixture.Repository).FetchManifestAsync("v1", Token));
    }

    [Fact]
    public async Task Headers_WithoutEndAreRefused()
    {
        await using var registry = new BreakingServer(
            "HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat($"X-Long: {new string('x', 1000)}\r\n", 200)) + "\r\n");
        using RegistryClient client = RegistryFixture.CreateClient();

        await Assert.ThrowsAsync<RegistryException>(async () => await client
            .GetRepository(registry.Host, RegistryFixture.Repository).FetchManifestAsync("v1", Token));
    }

    [Fact]
    public async Task Manifest_ThatBreaksOffIsAskedForAgain()
    {
        OciDocument<ImageManifest> manifest = RegistryFixture.Manifest();
        string text = System.Text.Encoding.UTF8.GetString(manifest.Bytes.Span);
        string head = $"HTTP/1.1 200 OK\r\nContent-Type: {MediaTypes.ImageManifest}\r\nContent-Length: {text.Length}\r\n\r\n";
        await using var registry = new BreakingServer(head + text[..10], head + text);
        using RegistryClient client = RegistryFixture.CreateClient(retries: 2);

        (Descriptor descriptor, _) = await client
            .GetRepository(registry.Host, RegistryFixture.Repository).FetchManifestAsync("v1", Token);

        Assert.Equal(manifest.Descriptor, descriptor);
    }

    [Theory]
    [InlineData("120", 120)]
    [InlineData("Thu, 01 Jan 1970 00:02:00 GMT", 120)]
    [InlineData("Wed, 01 Jan 1969 00:00:00 GMT", 0)]
    [InlineData("soon", null)]
    public async Task RetryAfter_IsReadInSecondsAndAsADate(string header, int? seconds)
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = header;
            return Task.CompletedTask;
        });
        using var client = new RegistryClient(new RegistryOptions
        {
            Scheme = RegistryScheme.Http,
            MaxRetries = 0,
            TimeProvider = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UnixEpoch),
        });

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await client
            .GetRepository(registry.Host, RegistryFixture.Repository).FetchManifestAsync("v1", Token));

        Assert.Equal(seconds, error.RetryAfter?.TotalSeconds);
        Assert.True(error.IsTransient);
    }
}
