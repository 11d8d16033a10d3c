using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.TestKit;

public sealed class TokenServerTests : IDisposable
{
    private static readonly TokenUser Ann = new("ann", "secret", "repository:team/app:pull,push", "repository:team/base:pull");

    private readonly HttpClient _client = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _client.Dispose();

    [Theory]
    [InlineData("ES256")]
    [InlineData("RS256")]
    public async Task Get_GivesATokenForWhatTheUserMay(string algorithm)
    {
        await using TokenServer server = await TokenServer.StartAsync(new() { Users = [Ann], Algorithm = algorithm });

        JsonNode answer = await GetAsync(
            server, "ann:secret", "&scope=repository:team/app:pull,push,delete&scope=repository:team/base:pull,push");

        JsonNode claims = ReadPart(answer["token"]!, 1);
        Assert.Equal(
            """[{"type":"repository","name":"team/app","actions":["pull","push"]},{"type":"repository","name":"team/base","actions":["pull"]}]""",
            claims["access"]!.ToJsonString());
        Assert.Equal((server.Issuer, server.Service, "ann"), ((string)claims["iss"]!, (string)claims["aud"]!, (string)claims["sub"]!));
        Assert.Equal(300, (long)claims["exp"]! - (long)claims["iat"]!);
        Assert.Equal(300, (long)answer["expires_in"]!);
        Assert.Equal(algorithm, (string)ReadPart(answer["token"]!, 0)["alg"]!);
        Assert.Null(answer["refresh_token"]);
        TokenRequest request = Assert.Single(server.Requests);
        Assert.Equal(["repository:team/app:pull,push,delete", "repository:team/base:pull,push"], request.Scopes);
        Assert.Equal(("GET", null, "ann", 200), (request.Method, request.GrantType, request.User, request.StatusCode));
    }

    [Fact]
    public async Task Get_IsRefusedWhereItIsNotOffered()
    {
        await using TokenServer server = await TokenServer.StartAsync(new() { Users = [Ann], AllowsGet = false });

        using HttpResponseMessage response = await SendAsync(server, "ann:secret", "");

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }

    [Theory]
    [InlineData("ann:wrong")]
    [InlineData("bob:secret")]
    [InlineData(null)] // no anonymous scopes
    public async Task Get_RefusesWhoIsNotKnown(string? user)
    {
        await using TokenServer server = await TokenServer.StartAsync(new() { Users = [Ann] });

        using HttpResponseMessage response = await SendAsync(server, user, "");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(401, Assert.Single(server.Requests).StatusCode);
    }

    [Fact]
    public async Task Get_GivesAnybodyWhatAnybodyMay()
    {
        await using TokenServer server = await TokenServer.StartAsync(new() { AnonymousScopes = ["repository:*:pull"] });

        JsonNode answer = await GetAsync(server, null, "&scope=repository:any/thing:pull,push");

        Assert.Equal("""["pull"]""", ReadPart(answer["token"]!, 1)["access"]![0]!["actions"]!.ToJsonString());
    }

    [Fact]
    public async Task Lifetime_IsToldAsWanted()
    {
        var options = new TokenServerOptions
        {
            AnonymousScopes = [],
            Lifetime = TimeSpan.FromSeconds(-58),
            StatedLifetime = TimeSpan.FromMinutes(5),
        };
        await using TokenServer server = await TokenServer.StartAsync(options);

        JsonNode answer = await GetAsync(server, null, "");

        JsonNode claims = ReadPart(answer["token"]!, 1);
        Assert.Equal(-58, (long)claims["exp"]! - (long)claims["iat"]!);
        Assert.True((long)claims["nbf"]! < (long)claims["exp"]!);
        Assert.Equal(300, (long)answer["expires_in"]!);
    }

    [Fact]
    public async Task Post_TakesAPasswordAndThenItsRefreshToken()
    {
        await using TokenServer server = await TokenServer.StartAsync(new() { Users = [Ann] });

        JsonNode first = await PostAsync(
            server, "grant_type=password&username=ann&password=secret&access_type=offline&scope=repository:team/app:pull");
        JsonNode second = await PostAsync(
            server, $"grant_type=refresh_token&refresh_token={first["refresh_token"]}&scope=repository:team/app:push");

        Assert.Equal("""["pull"]""", ReadPart(first["access_token"]!, 1)["access"]![0]!["actions"]!.ToJsonString());
        Assert.Equal("""["push"]""", ReadPart(second["access_token"]!, 1)["access"]![0]!["actions"]!.ToJsonString());
        Assert.Equal(["password", "refresh_token"], server.Requests.Select(request => request.GrantType));
        Assert.All(server.Requests, request => Assert.Equal("ann", request.User));
    }

    [Theory]
    [InlineData("grant_type=password&username=ann&password=wrong", true, 401)]
    [InlineData("grant_type=refresh_token&refresh_token=none", true, 401)]
    [InlineData("grant_type=client_credentials", true, 401)]
    [InlineData("grant_type=password&username=ann&password=secret", false, 405)] // no OAuth2 here
    public async Task Post_RefusesTheRest(string form, bool allowsPost, int status)
    {
        await using TokenServer server = await TokenServer.StartAsync(new() { Users = [Ann], AllowsPost = allowsPost });

        using HttpResponseMessage response = await SendFormAsync(server, form);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(status, Assert.Single(server.Requests).StatusCode);
    }

    private static JsonNode ReadPart(JsonNode token, int part) =>
        JsonNode.Parse(Base64Url.DecodeFromChars(((string)token!).Split('.')[part]))!;

    private async Task<JsonNode> GetAsync(TokenServer server, string? user, string query)
    {
        using HttpResponseMessage response = await SendAsync(server, user, query);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);

        return JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancelled))!;
    }

    private async Task<HttpResponseMessage> SendAsync(TokenServer server, string? user, string query)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{server.Realm}?service={server.Service}{query}");
        if (user is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user)));
        }

        return await _client.SendAsync(request, Cancelled);
    }

    private async Task<JsonNode> PostAsync(TokenServer server, string form)
    {
        using HttpResponseMessage response = await SendFormAsync(server, form);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);

        return JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancelled))!;
    }

    private async Task<HttpResponseMessage> SendFormAsync(TokenServer server, string form)
    {
        using var content = new StringContent(
            $"{form}&service={server.Service}", Encoding.ASCII, "application/x-www-form-urlencoded");
        return await _client.PostAsync(server.Realm, content, Cancelled);
    }
}
