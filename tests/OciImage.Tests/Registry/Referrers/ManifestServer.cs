using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.Registry.Referrers;

/// <summary>A registry of manifests alone, without a referrers API, and with what a test wants besides.</summary>
internal sealed class ManifestServer : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private ScriptedRegistry? _registry;

    /// <summary>Gets what is stored, by tag and by digest.</summary>
    public ConcurrentDictionary<string, (string Type, byte[] Bytes)> Manifests { get; } = new();

    /// <summary>Gets or sets whether marks are given and checked.</summary>
    public bool HasMarks { get; init; }

    /// <summary>Gets or sets whether a tag can be removed.</summary>
    public bool RemovesTags { get; init; } = true;

    /// <summary>Gets or sets whether a manifest can be removed.</summary>
    public bool RemovesManifests { get; init; } = true;

    /// <summary>Gets or sets whether several tags can be set at once.</summary>
    public bool TakesTags { get; init; }

    /// <summary>Gets or sets what happens before a manifest is stored.</summary>
    public Action<string> BeforePut { get; set; } = _ => { };

    public string Host => _registry!.Host;

    public IEnumerable<string> Requests => _registry!.Requests.Select(
        request => $"{request.Method} {request.Path.Split('?')[0].Replace("/v2/test/app/", "", StringComparison.Ordinal)}");

    public async Task<ManifestServer> StartAsync()
    {
        _registry = await ScriptedRegistry.StartAsync(HandleAsync);
        return this;
    }

    public ValueTask DisposeAsync() => _registry!.DisposeAsync();

    private static string Mark(byte[] bytes) => $"\"{Digest.Compute(bytes).Encoded[..16]}\"";

    private async Task HandleAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        string path = request.Path.Value!["/v2/test/app/".Length..];
        if (path.StartsWith("blobs/", StringComparison.Ordinal))
        {
            await request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = request.Method == "POST" ? 202 : 201;
            context.Response.Headers.Location = "/v2/test/app/blobs/uploads/1";
            return;
        }

        if (!path.StartsWith("manifests/", StringComparison.Ordinal))
        {
            context.Response.StatusCode = 404;
            return;
        }

        string reference = path["manifests/".Length..];
        switch (request.Method)
        {
            case "PUT":
                await PutAsync(context, reference);
                return;
            case "DELETE":
                Delete(context, reference);
                return;
        }

        if (!Manifests.TryGetValue(reference, out var found))
        {
            context.Response.StatusCode = 404;
            return;
        }

        context.Response.ContentType = found.Type;
        context.Response.ContentLength = found.Bytes.Length;
        context.Response.Headers["Docker-Content-Digest"] = Digest.Compute(found.Bytes).ToString();
        if (HasMarks)
        {
            context.Response.Headers.ETag = Mark(found.Bytes);
        }

        if (request.Method == "GET")
        {
            await context.Response.Body.WriteAsync(found.Bytes);
        }
    }

    private async Task PutAsync(HttpContext context, string reference)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        BeforePut(reference);
        byte[] bytes = body.ToArray();
        lock (_lock)
        {
            bool exists = Manifests.TryGetValue(reference, out var current);
            string? wanted = context.Request.Headers.IfMatch;
            bool isStale = HasMarks && ((wanted is not null && (!exists || Mark(current.Bytes) != wanted)) ||
                (context.Request.Headers.IfNoneMatch == "*" && exists));
            if (isStale)
            {
                context.Response.StatusCode = 412;
                return;
            }

            var stored = (context.Request.ContentType!, bytes);
            Manifests[reference] = stored;
            Manifests[Digest.Compute(bytes).ToString()] = stored;
            if (TakesTags)
            {
                foreach (string? tag in context.Request.Query["tag"])
                {
                    Manifests[tag!] = stored;
                    context.Response.Headers.Append("OCI-Tag", tag);
                }
            }
        }

        context.Response.StatusCode = 201;
    }

    private void Delete(HttpContext context, string reference)
    {
        bool isTag = !Digest.TryParse(reference, out _);
        if (isTag ? !RemovesTags : !RemovesManifests)
        {
            context.Response.StatusCode = 405;
            return;
        }

        lock (_lock)
        {
            if (!Manifests.TryRemove(reference, out var removed))
            {
                context.Response.StatusCode = 404;
                return;
            }

            if (!isTag)
            {
                foreach (string name in Manifests.Where(entry => entry.Value.Bytes == removed.Bytes).Select(entry => entry.Key))
                {
                    Manifests.TryRemove(name, out _);
                }
            }
        }

        context.Response.StatusCode = 202;
    }
}
