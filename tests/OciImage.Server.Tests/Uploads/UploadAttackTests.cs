using System.Net;
using System.Net.Sockets;
using System.Text;
using OciImage.Content;

namespace OciImage.Server.Tests.Uploads;

public sealed class UploadAttackTests
{
    private static readonly byte[] Content = "0123456789"u8.ToArray();
    private static readonly Digest ContentDigest = Digest.Compute(Content);

    [Theory]
    [InlineData("5-14", 10)] // a gap
    [InlineData("9223372036854775797-9223372036854775806", 10)] // far away
    public async Task Patch_TellsAChunkOutOfOrderWhereToGoOn(string range, int length)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        string location = await registry.StartUploadAsync();
        using HttpResponseMessage first = await registry.SendAsync("PATCH", location, Content[..4], ("Content-Range", "0-3"));

        using HttpResponseMessage response = await registry.SendAsync(
            "PATCH", location, new byte[length], ("Content-Range", range));

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.RequestedRangeNotSatisfiable, "BLOB_UPLOAD_INVALID", response);
        Assert.Equal("0-3", response.Headers.GetValues("Range").Single());
        Assert.Equal(location, response.Headers.Location!.ToString());
    }

    [Theory]
    [InlineData("0-3")] // sent again
    [InlineData("3-6")] // overlapping
    public async Task Put_RefusesALastChunkOutOfOrderAndKeepsTheUpload(string range)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        string location = await registry.StartUploadAsync();
        using HttpResponseMessage first = await registry.SendAsync("PATCH", location, Content[..4], ("Content-Range", "0-3"));

        using HttpResponseMessage refused = await registry.SendAsync(
            "PUT", $"{location}?digest={ContentDigest}", Content[..4], ("Content-Range", range));
        using HttpResponseMessage put = await registry.SendAsync(
            "PUT", $"{location}?digest={ContentDigest}", Content[4..], ("Content-Range", "4-9"));

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.RequestedRangeNotSatisfiable, "BLOB_UPLOAD_INVALID", refused);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
    }

    [Theory]
    [InlineData("bytes 0-9/10")] // RFC 9110's form is not the specification's
    [InlineData("0-")]
    [InlineData("-9")]
    [InlineData("9-0")]
    [InlineData("+0-9")]
    [InlineData("0 - 9")]
    [InlineData("0x0-9")]
    [InlineData("0-9223372036854775807")] // its length does not fit
    [InlineData("0-99999999999999999999")]
    public async Task Patch_RefusesAMalformedContentRange(string range)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        string location = await registry.StartUploadAsync();

        using HttpResponseMessage response = await registry.SendAsync("PATCH", location, Content, ("Content-Range", range));

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.BadRequest, "BLOB_UPLOAD_INVALID", response);
        using HttpResponseMessage put = await registry.SendAsync("PUT", $"{location}?digest={ContentDigest}", Content);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
    }

    [Fact]
    public async Task Patch_RefusesARangeOfAnotherLengthThanTheBody()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        string location = await registry.StartUploadAsync();

        using HttpResponseMessage response = await registry.SendAsync("PATCH", location, Content, ("Content-Range", "0-99"));

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.BadRequest, "SIZE_INVALID", response);
    }

    [Theory]
    [InlineData("0-4", "0-4")] // the body is longer: what belongs to the range counts
    [InlineData("0-19", "0-9")] // the body is shorter: what arrived counts
    public async Task StreamedPatch_RefusesARangeOfAnotherLengthThanTheBody(string range, string kept)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        string location = await registry.StartUploadAsync();
        using var content = new StreamContent(new MemoryStream(Content));

        using HttpResponseMessage response = await registry.SendAsync(
            "PATCH", location, content, ("Transfer-Encoding", "chunked"), ("Content-Range", range));

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.BadRequest, "BLOB_UPLOAD_INVALID", response);
        using HttpResponseMessage status = await registry.SendAsync("GET", location);
        Assert.Equal(kept, status.Headers.GetValues("Range").Single());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Patch_RefusesMoreThanABlobMayHave(bool chunked)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync(new RegistryServerOptions { MaxBlobSize = 9 });
        string location = await registry.StartUploadAsync();
        using var content = new StreamContent(new MemoryStream(Content));
        (string, string)[] headers = chunked ? [("Transfer-Encoding", "chunked")] : [];

        using HttpResponseMessage response = await registry.SendAsync("PATCH", location, content, headers);

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.RequestEntityTooLarge, "SIZE_INVALID", response);
    }

    [Fact]
    public async Task ConcurrentPatches_OneWins()
    {
        var options = new RegistryServerOptions { BusyUploadWait = TimeSpan.Zero };
        await using TestRegistry registry = await TestRegistry.StartAsync(options);
        string location = await registry.StartUploadAsync();
        byte[] content = new byte[1_000_000];
        using Socket winner = await BeginPatchAsync(registry, location, content.Length, content[..400_000]);

        // Some of it was taken in, so it is inside. Asking this way enters nothing and cannot keep it out.
        await registry.WaitForOffsetAsync(location, 300_000);

        using HttpResponseMessage loser = await registry.SendAsync("PATCH", location, "abc"u8.ToArray());
        await winner.SendAsync(content.AsMemory(400_000), TestRegistry.Cancelled);
        string answer = await ReadStatusLineAsync(winner);
        using HttpResponseMessage put = await registry.SendAsync("PUT", $"{location}?digest={Digest.Compute(content)}");

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.Conflict, "BLOB_UPLOAD_INVALID", loser);
        Assert.Equal("HTTP/1.1 202 Accepted", answer);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
    }

    [Fact]
    public async Task ManyConcurrentPatches_NeverMix()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        string location = await registry.StartUploadAsync();
        byte[][] bodies = [.. Enumerable.Range(0, 8).Select(i => Enumerable.Repeat((byte)('a' + i), 300_000).ToArray())];

        HttpResponseMessage[] responses = await Task.WhenAll(
            bodies.Select(body => registry.SendAsync("PATCH", location, body, ("Content-Range", "0-299999"))));

        int winner = Assert.Single(
            Enumerable.Range(0, bodies.Length), i => responses[i].StatusCode == HttpStatusCode.Accepted);
        Assert.All(
            responses.Where((_, i) => i != winner),
            response => Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, response.StatusCode));
        using HttpResponseMessage put = await registry.SendAsync(
            "PUT", $"{location}?digest={Digest.Compute(bodies[winner])}");
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Disconnect_KeepsWhatArrivedForTheNextTry(bool reset)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        byte[] content = new byte[1_000_000];
        new Random(1).NextBytes(content);
        string location = await registry.StartUploadAsync();
        using (Socket socket = await BeginPatchAsync(registry, location, content.Length, content[..400_000]))
        {
            await registry.WaitForOffsetAsync(location, 300_000);
            socket.LingerState = new LingerOption(reset, 0);
        }

        await registry.WaitForUploadToBeFreeAsync(location);
        int offset = (int)await registry.GetOffsetAsync(location);
        using HttpResponseMessage patch = await registry.SendAsync(
            "PATCH", location, content[offset..], ("Content-Range", $"{offset}-{content.Length - 1}"));
        using HttpResponseMessage put = await registry.SendAsync("PUT", $"{location}?digest={Digest.Compute(content)}");

        Assert.InRange(offset, 300_000, 400_000);
        Assert.Equal(HttpStatusCode.Accepted, patch.StatusCode);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
    }

    [Fact]
    public async Task Disconnect_OfASinglePostLeavesNothing()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync(new RegistryServerOptions { MaxUploads = 1 });
        using (Socket socket = await registry.ConnectAsync())
        {
            string head = $"POST /v2/a/b/blobs/uploads/?digest={ContentDigest} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n";
            await socket.SendAsync(Encoding.ASCII.GetBytes(head + "0123"), TestRegistry.Cancelled);
        }

        // The only upload there may be is free again as soon as the server has noticed.
        HttpStatusCode status;
        do
        {
            using HttpResponseMessage response = await registry.SendAsync("POST", "/v2/a/b/blobs/uploads/");
            status = response.StatusCode;
        }
        while (status == HttpStatusCode.TooManyRequests);

        Assert.Equal(HttpStatusCode.Accepted, status);
    }

    [Theory]
    [InlineData("00000000-0000-4000-8000-000000000000")] // well-formed, but nobody's
    [InlineData("..%2F..%2Fetc%2Fpasswd")]
    [InlineData("another.ingest")]
    public async Task UnknownUpload_IsRefused(string id)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        await registry.StartUploadAsync();
        var store = (IContentIngester)(await registry.Repositories.GetAsync("a/b", false, TestRegistry.Cancelled))!;
        await (await store.OpenIngestAsync("another.ingest", TestRegistry.Cancelled)).DisposeAsync();

        using HttpResponseMessage response = await registry.SendAsync("GET", $"/v2/a/b/blobs/uploads/{id}");

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.NotFound, "BLOB_UPLOAD_UNKNOWN", response);
    }

    private static async Task<Socket> BeginPatchAsync(TestRegistry registry, string location, int length, byte[] start)
    {
        Socket socket = await registry.ConnectAsync();
        string head = $"PATCH {location} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(head), TestRegistry.Cancelled);
        await socket.SendAsync(start, TestRegistry.Cancelled);

        return socket;
    }

    private static async Task<string> ReadStatusLineAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: false);
        using var reader = new StreamReader(stream);

        return (await reader.ReadLineAsync(TestRegistry.Cancelled))!;
    }
}
