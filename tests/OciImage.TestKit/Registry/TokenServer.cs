using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace OciImage.TestKit.Registry;

/// <summary>A token server as registries name it in a Bearer challenge: GET with Basic, and OAuth2 by POST.</summary>
/// <remarks>Its tokens are signed, and docker-registry takes them when it trusts <see cref="CertificatePem"/>.</remarks>
public sealed class TokenServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly TokenServerOptions _options;
    private readonly TokenSigner _signer;
    private readonly ConcurrentDictionary<string, string> _refreshTokens = new();

    private TokenServer(WebApplication application, TokenServerOptions options)
    {
        _application = application;
        _options = options;
        _signer = new TokenSigner(options.Algorithm, options.TimeProvider);
    }

    /// <summary>Gets the address of the token endpoint.</summary>
    public Uri Realm => new(new Uri(_application.Urls.First()), "token");

    /// <summary>Gets the service that tokens are for.</summary>
    public string Service => _options.Service;

    /// <summary>Gets the issuer that tokens name.</summary>
    public string Issuer => _options.Issuer;

    /// <summary>Gets the certificate of the key that signs the tokens.</summary>
    public string CertificatePem => _signer.CertificatePem;

    /// <summary>Gets the requests so far.</summary>
    public ConcurrentQueue<TokenRequest> Requests { get; } = new();

    /// <summary>Starts a server.</summary>
    public static async Task<TokenServer> StartAsync(TokenServerOptions? options = null)
    {
        options ??= new TokenServerOptions();
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback,
            0,
            listen =>
            {
                if (options.Certificate is not null)
                {
                    listen.UseHttps(options.Certificate);
                }
            }));
        WebApplication application = builder.Build();
        var server = new TokenServer(application, options);
        application.Run(server.AnswerAsync);
        await application.StartAsync();

        return server;
    }

    /// <summary>Issues a refresh token for a user, as a login would.</summary>
    public string IssueRefreshToken(string user)
    {
        string token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        _refreshTokens[token] = user;

        return token;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _signer.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        bool isPost = HttpMethods.IsPost(request.Method);
        if (request.Path != "/token" || !(isPost || HttpMethods.IsGet(request.Method)))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (isPost)
        {
            await AnswerPostAsync(context);
        }
        else
        {
            await AnswerGetAsync(context);
        }
    }

    private async Task AnswerGetAsync(HttpContext context)
    {
        IQueryCollection query = context.Request.Query;
        (string? name, string? password) = ReadBasic(context.Request);
        string[] scopes = [.. query["scope"].OfType<string>().SelectMany(Split)];
        TokenUser? user = _options.Users.FirstOrDefault(user => user.Name == name && user.Password == password);
        IReadOnlyList<string>? allowed = name is null ? _options.AnonymousScopes : user?.Scopes;
        int status = _options.AllowsGet ? Judge(query["service"], allowed) : StatusCodes.Status405MethodNotAllowed;
        Record(context, null, name, query["service"], scopes, status);
        if (status != StatusCodes.Status200OK)
        {
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"tokens\"";
            await RefuseAsync(context, status);
            return;
        }

        JsonObject answer = Issue(name, scopes, allowed!);
        answer["token"] = (string)answer["access_token"]!;
        if (user is not null && query["offline_token"] == "true")
        {
            answer["refresh_token"] = IssueRefreshToken(user.Name);
        }

        await WriteAsync(context, answer);
    }

    private async Task AnswerPostAsync(HttpContext context)
    {
        IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
        string grant = form["grant_type"].ToString();
        string[] scopes = Split(form["scope"].ToString());
        TokenUser? user = grant switch
        {
            "password" => _options.Users.FirstOrDefault(user => user.Name == form["username"] && user.Password == form["password"]),
            "refresh_token" => FindByRefreshToken(form["refresh_token"].ToString()),
            _ => null,
        };
        int status = _options.AllowsPost ? Judge(form["service"], user?.Scopes) : StatusCodes.Status405MethodNotAllowed;
        Record(context, grant, user?.Name ?? form["username"], form["service"], scopes, status);
        if (status != StatusCodes.Status200OK)
        {
            await RefuseAsync(context, status);
            return;
        }

        JsonObject answer = Issue(user!.Name, scopes, user.Scopes);
        if (grant == "refresh_token")
        {
            answer["refresh_token"] = form["refresh_token"].ToString();
        }
        else if (form["access_type"] == "offline")
        {
            answer["refresh_token"] = IssueRefreshToken(user.Name);
        }

        await WriteAsync(context, answer);
    }

    [SuppressMessage("Globalization", "CA1305", Justification = "Numbers only.")]
    private JsonObject Issue(string? subject, string[] scopes, IReadOnlyList<string> allowed)
    {
        DateTimeOffset now = _options.TimeProvider.GetUtcNow();
        DateTimeOffset end = now + _options.Lifetime;
        var access = new JsonArray();
        foreach (TokenScope scope in scopes.Select(TokenScope.Parse).OfType<TokenScope>().Select(scope => scope.Restrict(allowed)))
        {
            if (scope.Actions.Count > 0)
            {
                access.Add(new JsonObject
                {
                    ["type"] = scope.Type,
                    ["name"] = scope.Name,
                    ["actions"] = new JsonArray([.. scope.Actions.Select(action => JsonValue.Create(action))]),
                });
            }
        }

        string token = _signer.Sign(new JsonObject
        {
            ["iss"] = _options.Issuer,
            ["sub"] = subject ?? "",
            ["aud"] = _options.Service,
            ["exp"] = end.ToUnixTimeSeconds(),
            ["nbf"] = (end < now ? end : now).AddSeconds(-10).ToUnixTimeSeconds(),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["jti"] = Guid.NewGuid().ToString("N"),
            ["access"] = access,
        });

        return new JsonObject
        {
            ["access_token"] = token,
            ["expires_in"] = (long)(_options.StatedLifetime ?? _options.Lifetime).TotalSeconds,
            ["issued_at"] = now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"),
        };
    }

    private int Judge(string? service, IReadOnlyList<string>? allowed) =>
        service != _options.Service ? StatusCodes.Status400BadRequest
        : allowed is null ? StatusCodes.Status401Unauthorized
        : StatusCodes.Status200OK;

    private TokenUser? FindByRefreshToken(string token) =>
        _refreshTokens.TryGetValue(token, out string? name) ? _options.Users.FirstOrDefault(user => user.Name == name) : null;

    private void Record(HttpContext context, string? grant, string? user, string? service, string[] scopes, int status) =>
        Requests.Enqueue(new TokenRequest(context.Request.Method, grant, user, service, scopes, status));

    private static (string? Name, string? Password) ReadBasic(HttpRequest request)
    {
        if (!AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out AuthenticationHeaderValue? header))
        {
            return (null, null);
        }

        string[] parts = Encoding.UTF8.GetString(Convert.FromBase64String(header.Parameter ?? "")).Split(':', 2);
        return (parts[0], parts.ElementAtOrDefault(1));
    }

    private static string[] Split(string scopes) => scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static Task RefuseAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return WriteAsync(context, new JsonObject { ["details"] = "no token for this" });
    }

    private static Task WriteAsync(HttpContext context, JsonObject answer)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
    }
}
