using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.Registry.Uploads;

/// <summary>A server that takes uploads as the specification says, except where a test wants it otherwise.</summary>
internal sealed class UploadServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, MemoryStream> _sessions = new();
    private ScriptedRegistry? _registry;
    private int _count;

    /// <summary>Gets or sets the greatest body; a larger one is refused with 413 before it is read.</summary>
    public long MaxBody { get; set; } = long.MaxValue;

    /// <summary>Gets the numbers of bytes after which the connection of an upload is cut, one for each request with a body.</summary>
    public List<long> Cuts { get; } = [];

    /// <summary>Gets or sets whether a cut loses the session.</summary>
    public bool LosesSessions { get; set; }

    /// <summary>Gets or sets the status of a PATCH.</summary>
    public int PatchStatus { get; set; } = 202;

    /// <summary>Gets or sets what a PATCH and a question say as Range, given what is true.</summary>
    public Func<HttpContext, long, string?> Range { get; set; } =
        (_, length) => string.Create(CultureInfo.InvariantCulture, $"0-{Math.Max(0, length - 1)}");

    /// <summary>Gets or sets what happens before anything else; returns whether that was the answer.</summary>
    public Func<HttpContext, Task<bool>> Before { get; set; } = _ => Task.FromResult(false);

    /// <summary>Gets or sets the least chunk that is announced.</summary>
    public long? MinChunk { get; set; }

    /// <summary>Gets the blob that was committed last.</summary>
    public byte[]? Blob { get; private set; }

    /// <summary>Gets the digest of the last commit.</summary>
    public string? BlobDigest { get; private set; }

    /// <summary>Gets how many bytes of bodies arrived.</summary>
    public long Received { get; private set; }

    public string Host => _registry!.Host;

    /// <summary>Gets the requests: method, and path without the query.</summary>
    public IEnumerable<string> Requests => _registry!.Requests.Select(
        request => $"{request.Method} {request.Path.Split('?')[0].Replace("/v2/test/app/blobs/", "", StringComparison.Ordinal)}");

    public IEnumerable<string> ContentRanges => _contentRanges;

    private readonly ConcurrentQueue<string> _contentRanges = new();

    public async Task<UploadServer> StartAsync()
    {
        _registry = await ScriptedRegistry.StartAsync(HandleAsync);
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        if (_registry is not null)
        {
            await _registry.DisposeAsync();
        }
    }

    private async Task HandleAsync(HttpContext context)
    {
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        if (await Before(context))
        {
            return;
        }

        HttpRequest request = context.Request;
        if (request.Method == "POST")
        {
            string id = (++_count).ToString(CultureInfo.InvariantCulture);
            _sessions[id] = new MemoryStream();
            context.Response.StatusCode = 202;
            context.Response.Headers.Location = $"/v2/test/app/blobs/uploads/{id}?step=0";
            if (MinChunk is { } least)
            {
                context.Response.Headers["OCI-Chunk-Min-Length"] = least.ToString(CultureInfo.InvariantCulture);
            }

            return;
        }

        if (request.Path.Value!.Contains("/blobs/sha256:", StringComparison.Ordinal))
        {
            context.Response.StatusCode = Blob is null ? 404 : 200;
            context.Response.ContentLength = Blob?.Length ?? 0;
            return;
        }

        string session = request.Path.Value!.Split('/')[^1];
        if (!_sessions.TryGetValue(session, out MemoryStream? bytes))
        {
            context.Response.StatusCode = 404;
            return;
        }

        await (request.Method switch
        {
            "GET" => Describe(context, session, bytes, 204),
            "PATCH" => AppendAsync(context, session, bytes, isCommit: false),
            "PUT" => AppendAsync(context, session, bytes, isCommit: true),
            _ => Describe(context, session, bytes, 204),
        });
    }

    private long NextCut()
    {
        if (Cuts.Count == 0)
        {
            return long.MaxValue;
        }

        long cut = Cuts[0];
        Cuts.RemoveAt(0);
        return cut;
    }

    private Task Describe(HttpContext context, string session, MemoryStream bytes, int status)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.Location = $"/v2/test/app/blobs/uploads/{session}?step={bytes.Length}";
        if (Range(context, bytes.Length) is { } range)
        {
            context.Response.Headers.Range = range;
        }

        return Task.CompletedTask;
    }

    private async Task AppendAsync(HttpContext context, string session, MemoryStream bytes, bool isCommit)
    {
        HttpRequest request = context.Request;
        if (request.ContentLength > MaxBody)
        {
            context.Response.StatusCode = 413;
            return;
        }

        // A client that goes on with an old address does not see what the server has.
        Assert.Equal($"?step={bytes.Length}", request.QueryString.Value!.Split('&')[0]);
        if (request.Headers.ContentRange.FirstOrDefault() is { } range)
        {
            _contentRanges.Enqueue(range);
            if (!range.StartsWith($"{bytes.Length}-", StringComparison.Ordinal))
            {
                await Describe(context, session, bytes, 416);
                return;
            }
        }

        long cut = request.ContentLength > 0 ? NextCut() : long.MaxValue;
        byte[] buffer = new byte[64 * 1024];
        int read;
        long here = 0;
        while (here < cut &&
            (read = await request.Body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, cut - here)))) > 0)
        {
            bytes.Write(buffer, 0, read);
            here += read;
            Received += read;
        }

        if (here == cut)
        {
            if (LosesSessions)
            {
                _sessions.TryRemove(session, out _);
            }

            context.Abort();
            return;
        }

        if (!isCommit)
        {
            await Describe(context, session, bytes, PatchStatus);
            return;
        }

        BlobDigest = request.Query["digest"];
        Blob = bytes.ToArray();
        bool isRight = Digest.Compute(Blob).ToString() == BlobDigest;
        context.Response.StatusCode = isRight ? 201 : 400;
        _sessions.TryRemove(session, out _);
    }
}
