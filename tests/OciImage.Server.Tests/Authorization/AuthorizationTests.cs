using System.Net;
using System.Text;

namespace OciImage.Server.Tests.Authorization;

public sealed class AuthorizationTests
{
    private static readonly RegistryServerOptions Guarded = new()
    {
        Realm = "test realm",
        Authorize = (access, _) => new(Decide(access)),
    };

    [Theory]
    [InlineData(null)]
    [InlineData("Basic !!!")] // no base64
    [InlineData("Basic YWxpY2U=")] // no colon
    [InlineData("Bearer YWxpY2U6c2VjcmV0")]
    [InlineData("Basic YWxpY2U6d3Jvbmc=")] // alice:wrong
    public async Task Request_IsChallengedForOtherCredentials(string? header)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync(Guarded);
        (string, string)[] headers = header is null ? [] : [("Authorization", header)];

        using HttpResponseMessage response = await registry.SendAsync("GET", "/v2/", (byte[]?)null, headers);

        await TestRegistry.AssertRefusedAsync(HttpStatusCode.Unauthorized, "UNAUTHORIZED", response);
        Assert.Equal("Basic realm=\"test realm\", charset=\"UTF-8\"", response.Headers.WwwAuthenticate.Single().ToString());
    }

    [Theory]
    [InlineData("GET", "/v2/", HttpStatusCode.OK)]
    [InlineData("GET", "/v2/_catalog", HttpStatusCode.OK)]
    [InlineData("POST", "/v2/mine/blobs/uploads/", HttpStatusCode.Accepted)]
    [InlineData("POST", "/v2/theirs/blobs/uploads/", HttpStatusCode.Forbidden)]
    [InlineData("PUT", "/v2/theirs/manifests/latest", HttpStatusCode.Forbidden)]
    [InlineData("DELETE", "/v2/mine/manifests/latest", HttpStatusCode.Forbidden)]
    public async Task Request_IsDecidedByActionAndRepository(string method, string path, HttpStatusCode expected)
    {
        await using TestRegistry registry = await TestRegistry.StartAsync(Guarded);

        using HttpResponseMessage response = await registry.SendAsync(method, path, (byte[]?)null, Credentials());

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Mount_DoesNotTakeWhatMayNotBePulled()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync(Guarded);
        Digest digest = Digest.Compute("secret"u8);
        var hidden = (await registry.Repositories.GetAsync("hidden", create: true, TestRegistry.Cancelled))!;
        await hidden.PushAsync(
            Descriptor.Create("text/plain", "secret"u8),
            Content.ReplayableContent.FromBytes("secret"u8.ToArray()),
            TestRegistry.Cancelled);

        using HttpResponseMessage response = await registry.SendAsync(
            "POST", $"/v2/mine/blobs/uploads/?mount={digest}&from=hidden", (byte[]?)null, Credentials());

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\"b")]
    [InlineData("a\r\nb")]
    public void Realm_RefusesWhatDoesNotFitIntoAHeader(string realm)
    {
        Assert.Throws<ArgumentException>(() => new RegistryServerOptions { Realm = realm });
    }

    private static (string, string)[] Credentials() =>
        [("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("alice:s:crët")))];

    private static RegistryDecision Decide(RegistryAccess access)
    {
        if (access is not { UserName: "alice", Password: "s:crët" })
        {
            return RegistryDecision.Challenge;
        }

        return access.Action switch
        {
            RegistryAction.Delete => RegistryDecision.Deny,
            RegistryAction.Push when access.Repository != "mine" => RegistryDecision.Deny,
            RegistryAction.Pull when access.Repository == "hidden" => RegistryDecision.Deny,
            _ => RegistryDecision.Allow,
        };
    }
}
