using System.Net;
using OciImage.Registry.Http;

namespace OciImage.Tests.Registry;

public sealed class OriginPolicyTests
{
    private static readonly Uri Registry = new("https://registry.example");

    [Theory]
    [InlineData("http://registry.example/token")] // R06: no downgrade
    [InlineData("ftp://registry.example/token")]
    [InlineData("file:///etc/passwd")]
    [InlineData("https://ann:secret@registry.example/token")]
    [InlineData("https://127.0.0.1/token")] // R07
    [InlineData("https://127.1/token")]
    [InlineData("https://2130706433/token")]
    [InlineData("https://0x7f.0.0.1/token")]
    [InlineData("https://0177.0.0.1/token")]
    [InlineData("https://0.0.0.0/token")]
    [InlineData("https://[::1]/token")]
    [InlineData("https://[::]/token")]
    [InlineData("https://[::ffff:127.0.0.1]/token")]
    [InlineData("https://[64:ff9b::7f00:1]/token")] // a translator's form of 127.0.0.1
    [InlineData("https://[2002:7f00:1::]/token")] // a tunnel's
    [InlineData("https://[::127.0.0.1]/token")] // the old compatible form
    [InlineData("https://[fe80::1]/token")]
    [InlineData("https://[fd00::1]/token")]
    [InlineData("https://169.254.169.254/token")]
    [InlineData("https://10.1.2.3/token")]
    [InlineData("https://172.16.0.1/token")]
    [InlineData("https://192.168.1.1/token")]
    [InlineData("https://100.64.0.1/token")]
    [InlineData("https://198.18.0.1/token")]
    [InlineData("https://224.0.0.1/token")]
    [InlineData("https://localhost./token")]
    [InlineData("https://a.localhost/token")]
    public void Check_RefusesWhatIsMorePrivateOrLessSecure(string target)
    {
        var policy = new OriginPolicy("registry.example", "registry.example", []);

        var error = Assert.Throws<RegistryException>(() => policy.Check(Registry, new Uri(target), "token realm"));

        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://auth.docker.io/token")]
    [InlineData("https://registry.example:8443/token")]
    [InlineData("https://8.8.8.8/token")]
    [InlineData("https://[2001:4860:4860::8888]/token")]
    public void Check_AllowsWhatIsAsPublic(string target) =>
        new OriginPolicy("registry.example", "registry.example", []).Check(Registry, new Uri(target), "token realm");

    [Theory]
    [InlineData("10.0.0.5:5000", "http://10.0.0.6/token", true)]
    [InlineData("10.0.0.5:5000", "http://127.0.0.1/token", false)]
    [InlineData("10.0.0.5:5000", "http://localhost/token", false)]
    [InlineData("localhost:5000", "http://127.0.0.1/token", true)]
    [InlineData("[::1]:5000", "http://127.0.0.1/token", true)]
    public void Check_ComparesWithTheRegistryItself(string registry, string target, bool isAllowed)
    {
        var address = new Uri($"http://{registry}/");
        var policy = new OriginPolicy(registry, address.IdnHost, []);

        Exception? error = Record.Exception(() => policy.Check(address, new Uri(target), "token realm"));

        Assert.Equal(isAllowed, error is null);
    }

    [Theory]
    [InlineData("auth.corp", true)]
    [InlineData("auth.corp:8443", true)]
    [InlineData("other.corp", false)]
    public void CheckAddresses_AllowsWhatTheUserTrusts(string trusted, bool isAllowed)
    {
        var policy = new OriginPolicy("registry.example", "registry.example", [trusted]);

        Exception? error = Record.Exception(() => policy.CheckAddresses(
            new Uri("https://auth.corp:8443/token"), isRegistry: false, [IPAddress.Parse("10.0.0.1")]));

        Assert.Equal(isAllowed, error is null);
    }

    [Fact]
    public void CheckAddresses_RefusesANameThatAlsoLeadsInside() // R08
    {
        var policy = new OriginPolicy("registry.example", "registry.example", []);
        policy.CheckAddresses(Registry, isRegistry: true, [IPAddress.Parse("8.8.8.8")]);

        Assert.Throws<RegistryException>(() => policy.CheckAddresses(
            new Uri("https://cdn.example/x"), isRegistry: false, [IPAddress.Parse("8.8.4.4"), IPAddress.Loopback]));
    }

    [Fact]
    public void CheckAddresses_TakesTheMostPublicAddressForTheRegistrys() // R08: rebinding earns nothing
    {
        var policy = new OriginPolicy("registry.example", "registry.example", []);

        policy.CheckAddresses(Registry, isRegistry: true, [IPAddress.Loopback, IPAddress.Parse("8.8.8.8")]);
        policy.CheckAddresses(Registry, isRegistry: true, [IPAddress.Loopback]);

        Assert.Equal(Privacy.Public, policy.RegistryPrivacy);
    }

    [Fact]
    public void CheckAddresses_LearnsThatARegistryIsPrivate()
    {
        var policy = new OriginPolicy("registry.corp", "registry.corp", []);

        policy.CheckAddresses(new Uri("https://registry.corp"), isRegistry: true, [IPAddress.Parse("10.0.0.1")]);

        Assert.Equal(Privacy.Private, policy.RegistryPrivacy);
    }

    [Theory]
    [InlineData("/a%2Fb?x=%7Ey%41", "https://registry.example/a%2Fb?x=%7Ey%41")]
    [InlineData("https://cdn.example/%41?sig=a%2bb#part", "https://cdn.example/%41?sig=a%2bb")]
    [InlineData("//cdn.example/x?%7E", "https://cdn.example/x?%7E")]
    [InlineData("more/x", "https://registry.example/v2/more/x")]
    [InlineData("?page=2", "https://registry.example/v2/list?page=2")]
    [InlineData("/a b", "https://registry.example/a%20b")]
    [InlineData("/a\r\nX-Injected: 1", "https://registry.example/a%0D%0AX-Injected:%201")] // R16
    public void Resolve_KeepsAnAddressToTheLetterWhereThatIsSafe(string location, string expected)
    {
        var policy = new OriginPolicy("registry.example", "registry.example", []);

        Uri resolved = policy.Resolve(new Uri("https://registry.example/v2/list"), location, "redirect");

        Assert.Equal(expected, $"{resolved.Scheme}://{resolved.Authority}{resolved.PathAndQuery}");
    }

    [Theory]
    [InlineData("https://[")]
    [InlineData("https://host:99999/")]
    [InlineData("https:///")]
    public void Resolve_RefusesWhatIsNoAddress(string location)
    {
        var policy = new OriginPolicy("registry.example", "registry.example", []);

        Assert.Throws<RegistryException>(() => policy.Resolve(Registry, location, "redirect"));
        Assert.Throws<RegistryException>(() => policy.Resolve(Registry, new string('a', 20_000), "redirect"));
    }

    [Fact]
    public void Redact_LeavesOutUserAndQuery() => Assert.Equal(
        "https://host/path?…", OriginPolicy.Redact(new Uri("https://ann:secret@host/path?token=secret")));
}
