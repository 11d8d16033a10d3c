using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OciImage.Content;
using OciImage.Server.Authorization;
using OciImage.Server.Blobs;
using OciImage.Server.Listing;
using OciImage.Server.Manifests;
using OciImage.Server.Refusals;
using OciImage.Server.Routing;
using OciImage.Server.Uploads;

namespace OciImage.Server;

/// <summary>Takes each request to what answers it, and turns refusals into answers.</summary>
internal sealed class RegistryDispatcher : IAsyncDisposable
{
    private const string Prefix = "/v2/";

    private readonly IRepositoryProvider _repositories;
    private readonly RegistryServerOptions _options;
    private readonly AccessGate _gate;
    private readonly UploadSessions _sessions;
    private readonly UploadHandler _uploads;
    private readonly ManifestHandler _manifests;

    public RegistryDispatcher(IRepositoryProvider repositories, RegistryServerOptions? options)
    {
        _repositories = repositories;
        _options = options is null ? new RegistryServerOptions() : new RegistryServerOptions(options);
        _gate = new AccessGate(_options);
        _sessions = new UploadSessions(_options);
        _uploads = new UploadHandler(_sessions, _gate, _options);
        _manifests = new ManifestHandler(_options);
    }

    public IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints) =>
        endpoints.Map(Prefix + "{**path}", InvokeAsync);

    public ValueTask DisposeAsync() => _sessions.DisposeAsync();

    private async Task InvokeAsync(HttpContext context)
    {
        try
        {
            context.Response.Headers["Docker-Distribution-API-Version"] = "registry/2.0";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            await DispatchAsync(context).ConfigureAwait(false);
        }
        catch (Refusal refusal) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, refusal).ConfigureAwait(false);
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            // The body broke off, came too slowly, or is no HTTP.
            await AnswerAsync(context, Refusal.UploadInvalid(exception.StatusCode, "The request's body cannot be read."))
                .ConfigureAwait(false);
        }
        catch (Exception exception) when (
            exception is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            // The client has left; nobody is there to be told.
        }
    }

    private async ValueTask DispatchAsync(HttpContext context)
    {
        // The path is taken from behind the prefix rather than from the route's value: the slash at its end counts.
        string full = context.Request.PathBase + context.Request.Path;
        int start = full.IndexOf(Prefix, StringComparison.Ordinal);
        (string root, string path) = start < 0
            ? (full + "/", "")
            : (full[..(start + Prefix.Length)], full[(start + Prefix.Length)..]);
        RegistryRoute route = RegistryRoute.Parse(path);
        if (route.Kind == RouteKind.Unknown)
        {
            throw Refusal.Unsupported(StatusCodes.Status404NotFound, "There is nothing at this path.");
        }

        RegistryAction action = ActionOf(context.Request.Method, route.Kind);
        if (route.Repository.Length > 0 || route.Kind is not (RouteKind.Ping or RouteKind.Catalog))
        {
            if (!NameRules.IsRepository(route.Repository))
            {
                throw Refusal.NameInvalid(route.Repository);
            }
        }

        await _gate.CheckAsync(context, action, route.Repository.Length == 0 ? null : route.Repository)
            .ConfigureAwait(false);
        await HandleAsync(new RegistryRequest(context, route, root, _repositories)).ConfigureAwait(false);
    }

    private ValueTask HandleAsync(RegistryRequest request)
    {
        string method = request.Http.Request.Method;
        bool reads = HttpMethods.IsGet(method) || HttpMethods.IsHead(method);
        if (!reads && _options.ReadOnly)
        {
            request.Response.Headers.Allow = "GET, HEAD";
            throw Refusal.Denied(StatusCodes.Status405MethodNotAllowed, "This registry is read-only.");
        }

        return (request.Route.Kind, method) switch
        {
            (RouteKind.Ping, _) when reads => Responses.WriteEmptyObjectAsync(request),
            (RouteKind.Catalog, _) when reads => CatalogHandler.ListAsync(request),
            (RouteKind.Tags, _) when reads => TagsHandler.ListAsync(request),
            (RouteKind.Referrers, _) when reads => ReferrersHandler.ListAsync(request),
            (RouteKind.Manifest, _) when reads => _manifests.GetAsync(request),
            (RouteKind.Manifest, "PUT") => _manifests.PutAsync(request),
            (RouteKind.Manifest, "DELETE") => _manifests.DeleteAsync(request),
            (RouteKind.Blob, _) when reads => BlobHandler.GetAsync(request),
            (RouteKind.Blob, "DELETE") => BlobHandler.DeleteAsync(request),
            (RouteKind.Uploads, "POST") => _uploads.StartAsync(request),
            (RouteKind.Upload, _) when reads => _uploads.GetStatusAsync(request),
            (RouteKind.Upload, "PATCH") => _uploads.AppendAsync(request),
            (RouteKind.Upload, "PUT") => _uploads.CompleteAsync(request),
            (RouteKind.Upload, "DELETE") => _uploads.CancelAsync(request),
            _ => throw MethodNotAllowed(request),
        };
    }

    private static RegistryAction ActionOf(string method, RouteKind kind) => (kind, method) switch
    {
        (RouteKind.Ping, _) => RegistryAction.Ping,
        (RouteKind.Catalog, _) => RegistryAction.Catalog,
        // Whoever may start an upload may look after it and give it up.
        (RouteKind.Uploads or RouteKind.Upload, _) => RegistryAction.Push,
        (_, "GET" or "HEAD") => RegistryAction.Pull,
        (_, "DELETE") => RegistryAction.Delete,
        _ => RegistryAction.Push,
    };

    private static Refusal MethodNotAllowed(RegistryRequest request)
    {
        request.Response.Headers.Allow = request.Route.Kind switch
        {
            RouteKind.Manifest => "GET, HEAD, PUT, DELETE",
            RouteKind.Blob => "GET, HEAD, DELETE",
            RouteKind.Uploads => "POST",
            RouteKind.Upload => "GET, HEAD, PATCH, PUT, DELETE",
            _ => "GET, HEAD",
        };

        return Refusal.Unsupported(StatusCodes.Status405MethodNotAllowed, "The method is not one of this resource.");
    }

    private static Task AnswerAsync(HttpContext context, Refusal refusal)
    {
        context.Response.StatusCode = refusal.StatusCode;
        return Responses.WriteJsonAsync(
            context, new ErrorBody(refusal.Errors), RegistryJsonContext.Answers.ErrorBody, "application/json");
    }
}
