using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using OciImage.Content;

namespace OciImage.Server.Tests;

/// <summary>A server on a free loopback port, and a client that shows what goes over the wire.</summary>
internal sealed class TestRegistry : IAsyncDisposable
{
    private TestRegistry(RegistryServer server, IRepositoryProvider repositories)
    {
        Server = server;
        Repositories = repositories;
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false })
        {
            BaseAddress = server.Address,
        };
    }

    public static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public RegistryServer Server { get; }

    public IRepositoryProvider Repositories { get; }

    public HttpClient Client { get; }

    public static async Task<TestRegistry> StartAsync(
        RegistryServerOptions? options = null, IRepositoryProvider? repositories = null)
    {
        repositories ??= new MemoryRepositoryProvider();
        return new TestRegistry(
            await RegistryServer.StartAsync(repositories, options: options, cancellationToken: Cancelled), repositories);
    }

    public Task<HttpResponseMessage> SendAsync(
        string method, string path, byte[]? body = null, params (string Name, string Value)[] headers) =>
        SendAsync(method, path, body is null ? null : new ByteArrayContent(body), headers);

    public async Task<HttpResponseMessage> SendAsync(
        string method, string path, HttpContent? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body };
        foreach ((string name, string value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content ??= new ByteArrayContent([]);
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled);
    }

    /// <summary>Starts an upload and returns its location.</summary>
    public async Task<string> StartUploadAsync(string repository = "a/b")
    {
        using HttpResponseMessage response = await SendAsync("POST", $"/v2/{repository}/blobs/uploads/");
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);

        return response.Headers.Location!.ToString();
    }

    public async Task<Descriptor> PushBlobAsync(byte[] bytes, string repository = "a/b", string mediaType = "text/plain")
    {
        Descriptor descriptor = Descriptor.Create(mediaType, bytes);
        using HttpResponseMessage response = await SendAsync(
            "POST", $"/v2/{repository}/blobs/uploads/?digest={descriptor.Digest}", bytes);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);

        return descriptor;
    }

    public async Task<OciDocument<ImageManifest>> PushManifestAsync(
        string reference, string repository = "a/b", string content = "layer", Descriptor? subject = null)
    {
        OciDocument<ImageManifest> manifest = await CreateManifestAsync(repository, content, subject);
        using HttpResponseMessage response = await PutManifestAsync(
            $"/v2/{repository}/manifests/{reference}", manifest.Bytes, manifest.Descriptor.MediaType);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);

        return manifest;
    }

    /// <summary>Pushes what a manifest needs and makes the manifest, without pushing it.</summary>
    public async Task<OciDocument<ImageManifest>> CreateManifestAsync(
        string repository = "a/b", string content = "layer", Descriptor? subject = null)
    {
        Descriptor config = await PushBlobAsync("{}"u8.ToArray(), repository, "application/vnd.test.config.v1+json");
        Descriptor layer = await PushBlobAsync(Encoding.UTF8.GetBytes(content), repository, MediaTypes.Layer);

        return OciDocument<ImageManifest>.Create(new ImageManifest
        {
            MediaType = MediaTypes.ImageManifest,
            Config = config,
            Layers = [layer],
            Subject = subject,
            Annotations = new Dictionary<string, string> { ["test"] = content },
        });
    }

    public Task<HttpResponseMessage> PutManifestAsync(string path, ReadOnlyMemory<byte> bytes, string? mediaType)
    {
        var content = new ByteArrayContent(bytes.ToArray());
        content.Headers.ContentType = mediaType is null ? null : MediaTypeHeaderValue.Parse(mediaType);

        return SendAsync("PUT", path, content);
    }

    /// <summary>Asserts a status and the code of the first error in the body.</summary>
    public static async Task AssertRefusedAsync(HttpStatusCode status, string code, HttpResponseMessage response)
    {
        string body = await response.Content.ReadAsStringAsync(Cancelled);
        Assert.True(status == response.StatusCode, $"{(int)response.StatusCode}, expected {(int)status}: {body}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        using JsonDocument document = JsonDocument.Parse(body);
        JsonElement error = document.RootElement.GetProperty("errors")[0];
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
    }

    /// <summary>Sends bytes as they are and returns what comes back, up to a refusal's body or the end.</summary>
    public async Task<string> SendRawAsync(string request)
    {
        using Socket socket = await ConnectAsync();
        await socket.SendAsync(Encoding.Latin1.GetBytes(request), Cancelled);
        byte[] buffer = new byte[4096];
        var answer = new StringBuilder();
        int read;
        do
        {
            read = await socket.ReceiveAsync(buffer, Cancelled);
            answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
        while (read > 0 && !answer.ToString().EndsWith("]}", StringComparison.Ordinal));

        return answer.ToString();
    }

    public async Task<long> GetOffsetAsync(string location)
    {
        using HttpResponseMessage status = await SendAsync("GET", location);
        string range = status.Headers.GetValues("Range").Single();

        return range == "0-0" ? 0 : 1 + long.Parse(range.AsSpan(2), CultureInfo.InvariantCulture);
    }

    public async Task WaitForOffsetAsync(string location, long offset)
    {
        while (await GetOffsetAsync(location) < offset)
        {
            await Task.Yield();
        }
    }

    /// <summary>Returns when no other request holds the upload any more.</summary>
    public async Task WaitForUploadToBeFreeAsync(string location)
    {
        HttpStatusCode status;
        do
        {
            using HttpResponseMessage response = await SendAsync("PATCH", location, [1], ("Content-Range", "malformed"));
            status = response.StatusCode;
        }
        while (status != HttpStatusCode.BadRequest);
    }

    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPEndPoint.Parse(Server.Host), Cancelled);

        return socket;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
    }
}
