using OciImage.Registry;

namespace OciImage.Tests.Registry;

public sealed class CredentialHelperTests : IDisposable
{
    private const string Secret = "hunter2-hunter2";

    private readonly HelperScripts _scripts = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _scripts.Dispose();

    [Fact]
    public async Task Get_GivesTheServerOnTheInputAndTakesTheAnswer()
    {
        // It waits for the end of its input.
        CredentialHelper helper = _scripts.Write(
            "echo", """s=$(cat); printf '{"ServerURL":"%s","Username":"ann","Secret":"%s for %s %s"}' "$s" "$1" "$s" "$#" """);

        RegistryCredential? credential = await helper.GetAsync("registry.example:5000", Token);

        Assert.Equal(("ann", "get for registry.example:5000 1"), (credential?.Username, credential?.Password));
        Assert.Null(credential?.IdentityToken);
    }

    [Theory]
    [InlineData("""{"Username":"ann","Secret":"hunter2-hunter2"}""")] // as gcloud's
    [InlineData("""{"username":"ann","secret":"hunter2-hunter2","serverurl":"a.example","other":[1]}""")] // Docker reads any case
    [InlineData("""{"ServerURL":"https://A.example/v1/","Username":"ann","Secret":"hunter2-hunter2"}""")]
    public async Task Get_TakesWhatHelpersWrite(string answer)
    {
        CredentialHelper helper = _scripts.Write("any", $"cat > /dev/null; printf %s '{answer}'");

        RegistryCredential? credential = await helper.GetAsync("a.example", Token);

        Assert.Equal(("ann", Secret), (credential?.Username, credential?.Password));
    }

    [Fact]
    public async Task Get_TakesATokenForWhatItIs()
    {
        CredentialHelper helper = _scripts.Write(
            "token", """printf '{"ServerURL":"a.example","Username":"<token>","Secret":"refresh"}'""");

        RegistryCredential? credential = await helper.GetAsync("a.example", Token);

        Assert.Equal((null, null, "refresh"), (credential?.Username, credential?.Password, credential?.IdentityToken));
    }

    [Theory]
    [InlineData("echo 'credentials not found in native keychain'; exit 1")]
    [InlineData("echo 'credentials not found in native keychain' >&2; exit 1")]
    [InlineData("echo 'Credentials not found in native keychain.'; exit 0")]
    [InlineData("""printf '{"ServerURL":"","Username":"","Secret":""}'""")]
    public async Task Get_IsNoneWhereTheHelperHasNone(string body)
    {
        Assert.Null(await _scripts.Write("none", body).GetAsync("a.example", Token));
    }

    [Fact]
    public async Task Get_SaysWhatAFailingHelperSaid()
    {
        CredentialHelper helper = _scripts.Write("failing", "echo 'gpg: no secret key' >&2; printf 'and\\033[31m more'; exit 3");

        CredentialHelperException error = await Refused(helper, CredentialHelperErrorKind.Failed);

        Assert.Equal("failing", error.Helper);
        Assert.Contains("gpg: no secret key", error.Message, StringComparison.Ordinal);
        Assert.Contains("exit code 3", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', error.Message);
    }

    [Fact]
    public async Task Get_TakesAsMuchAsIsAllowed()
    {
        CredentialHelper helper = _scripts.Write(
            "large",
            """head -c 16384 /dev/zero >&2; printf '{"Username":"ann","Secret":"'; head -c 60000 /dev/zero | tr '\0' x; printf '"}'""");

        RegistryCredential? credential = await helper.GetAsync("a.example", Token);

        Assert.Equal(60_000, credential?.Password?.Length);
    }

    [Fact]
    public async Task Get_NamesAHelperThatIsNotThere()
    {
        CredentialHelperException error = await Refused(
            new CredentialHelper("absent", _scripts.Options), CredentialHelperErrorKind.NotInstalled);

        Assert.Contains("docker-credential-absent", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_PassesOverWhatIsNoProgram()
    {
        _scripts.Write("plain", "exit 9", UnixFileMode.UserRead);
        Directory.CreateDirectory(_scripts.Combine("bin", "docker-credential-directory"));

        await Refused(new CredentialHelper("plain", _scripts.Options), CredentialHelperErrorKind.NotInstalled);
        await Refused(new CredentialHelper("directory", _scripts.Options), CredentialHelperErrorKind.NotInstalled);
    }

    [Fact]
    public async Task Get_SaysWhichProgramCannotBeStarted()
    {
        CredentialHelper helper = _scripts.Write("broken", "", interpreter: "/nonexistent/interpreter");

        CredentialHelperException error = await Refused(helper, CredentialHelperErrorKind.NotInstalled);

        Assert.Contains(_scripts.Combine("bin", "docker-credential-broken"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_PassesTheEnvironmentOn()
    {
        _scripts.Write("environment", """printf '{"Username":"%s","Secret":"%s"}' "$OCIIMAGE_TEST_USER" "${HOME:-none}" """);
        CredentialHelperOptions options = _scripts.Options;
        options.Environment["OCIIMAGE_TEST_USER"] = "ann";
        options.Environment["HOME"] = null;

        RegistryCredential? credential = await new CredentialHelper("environment", options).GetAsync("a.example", Token);

        Assert.Equal(("ann", "none"), (credential?.Username, credential?.Password));
    }

    [Fact]
    public async Task Store_KeepsWhatGetAndEraseFind()
    {
        CredentialHelper helper = _scripts.WriteKeychain("chain");

        await helper.StoreAsync("a.example", new RegistryCredential("ann", "pä+<\"\\ss"), Token);
        await helper.StoreAsync("b.example", new RegistryCredential("bob", "x", IdentityToken: "refresh"), Token);

        Assert.Equal("pä+<\"\\ss", (await helper.GetAsync("a.example", Token))?.Password);
        Assert.Equal("refresh", (await helper.GetAsync("b.example", Token))?.IdentityToken);
        Assert.True(await helper.EraseAsync("a.example", Token));
        Assert.False(await helper.EraseAsync("a.example", Token));
        Assert.Null(await helper.GetAsync("a.example", Token));
    }

    [Fact]
    public async Task Store_RefusesWhatAHelperCannotKeep()
    {
        CredentialHelper helper = _scripts.WriteKeychain("chain");

        await Assert.ThrowsAsync<ArgumentException>(
            async () => await helper.StoreAsync("a.example", new RegistryCredential(null, null, RegistryToken: "x"), Token));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await helper.StoreAsync("a.example\nb.example", new RegistryCredential("ann", "b"), Token));
        await Assert.ThrowsAsync<ArgumentException>(async () => await helper.GetAsync("", Token));

        Assert.Empty(_scripts.Log);
    }

    [Fact]
    public async Task List_GivesTheUsers()
    {
        IReadOnlyDictionary<string, string> users = await _scripts.WriteKeychain("chain").ListAsync(Token);

        Assert.Equal("ann", users["a.example"]);
        Assert.Equal("<token>", users["b.example"]);
    }

    [Fact]
    public void Timeout_IsBounded()
    {
        var options = new CredentialHelperOptions();

        Assert.Equal(TimeSpan.FromSeconds(30), options.Timeout);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.Timeout = TimeSpan.Zero);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.Timeout = TimeSpan.FromDays(2));
    }

    private static async Task<CredentialHelperException> Refused(CredentialHelper helper, CredentialHelperErrorKind kind)
    {
        var error = await Assert.ThrowsAsync<CredentialHelperException>(async () => await helper.GetAsync("a.example", Token));
        Assert.Equal(kind, error.Kind);
        Assert.Contains($"'{helper.Name}'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);

        return error;
    }
}
