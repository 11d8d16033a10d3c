using System.Text;
using OciImage.Registry;

namespace OciImage.Tests.Registry;

public sealed class SystemCredentialsTests : IDisposable
{
    private readonly HelperScripts _scripts = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _scripts.Dispose();

    [Fact]
    public void FromEnvironment_NamesTheFilesInOrder()
    {
        SystemCredentialsOptions options = FromVariables(
            ("HOME", "/home/ann"), ("XDG_RUNTIME_DIR", "/run/user/1"), ("PATH", "/bin"));

        Assert.Equal(
            [
                .. OperatingSystem.IsLinux() ? (string[])["/run/user/1/containers/auth.json"] : [],
                "/home/ann/.config/containers/auth.json",
                "/home/ann/.docker/config.json",
            ],
            options.Files);
        Assert.Equal("/home/ann/.dockercfg", options.LegacyFile);
        Assert.Equal("/home/ann/.docker/config.json", options.LoginFile);
        Assert.Equal("/bin", options.HelperOptions.Environment["PATH"]);
        Assert.Empty(options.Helpers);
    }

    [Fact]
    public void FromEnvironment_TakesDirectoriesThatAreNamed()
    {
        SystemCredentialsOptions options = FromVariables(
            ("HOME", "/home/ann"), ("XDG_CONFIG_HOME", "/c"), ("DOCKER_CONFIG", "/d"), ("REGISTRY_AUTH_FILE", ""));

        Assert.EndsWith("/c/containers/auth.json;/d/config.json", string.Join(';', options.Files), StringComparison.Ordinal);
        Assert.Equal("/d/config.json", options.LoginFile);
        if (OperatingSystem.IsLinux())
        {
            Assert.Matches("^/run/containers/[0-9]+/auth.json$", options.Files[0]);
        }
    }

    [Fact]
    public void FromEnvironment_TakesAFileThatIsNamedAlone()
    {
        SystemCredentialsOptions options = FromVariables(
            ("HOME", "/home/ann"), ("DOCKER_CONFIG", "/d"), ("REGISTRY_AUTH_FILE", "/a.json"));

        Assert.Equal(["/a.json"], options.Files);
        Assert.Null(options.LegacyFile);
        Assert.Equal("/a.json", options.LoginFile);
    }

    [Fact]
    public void FromEnvironment_LeavesOutWhatIsInNoHome()
    {
        SystemCredentialsOptions options = FromVariables(("XDG_RUNTIME_DIR", "/run/user/1"));

        Assert.Equal(OperatingSystem.IsLinux() ? ["/run/user/1/containers/auth.json"] : [], options.Files);
        Assert.Null(options.LegacyFile);
        Assert.Null(options.LoginFile);
    }

    [Fact]
    public async Task GetCredential_TakesTheFirstFileThatHasOne()
    {
        SystemCredentialsOptions options = Files(
            "absent.json", null, "empty.json", "", "other.json", Auths("b.example", "other"), "first.json", Auths("a.example", "first"),
            "second.json", Auths("a.example/team", "second"));

        RegistryCredential? credential = await new SystemCredentials(options).GetCredentialAsync("a.example", "team/app", Token);

        // A closer entry of a later file does not count.
        Assert.Equal("first", credential?.Username);
        Assert.Equal($"'{_scripts.Combine("first.json")}' entry 'a.example'", credential?.Source);
    }

    [Fact]
    public async Task GetCredential_GoesOnWhereAHelperHasNone()
    {
        _scripts.Write("none", "echo 'credentials not found in native keychain'; exit 1");
        SystemCredentialsOptions options = Files(
            "first.json", """{"credHelpers":{"a.example":"none"}}""", "second.json", Auths("a.example", "second"));

        RegistryCredential? credential = await new SystemCredentials(options).GetCredentialAsync("a.example", "", Token);

        Assert.Equal("second", credential?.Username);
    }

    [Fact]
    public async Task GetCredential_EndsAtAHelperThatIsMissing()
    {
        SystemCredentialsOptions options = Files(
            "first.json", """{"credHelpers":{"a.example":"absent"}}""", "second.json", Auths("a.example", "second"));

        var error = await Assert.ThrowsAsync<CredentialHelperException>(
            async () => await new SystemCredentials(options).GetCredentialAsync("a.example", "", Token));

        Assert.Equal(("absent", CredentialHelperErrorKind.NotInstalled), (error.Helper, error.Kind));
    }

    [Fact]
    public async Task GetCredential_EndsAtAFileThatIsMalformed()
    {
        SystemCredentialsOptions options = Files("first.json", "{", "second.json", Auths("a.example", "second"));

        var error = await Assert.ThrowsAsync<DocumentFormatException>(
            async () => await new SystemCredentials(options).GetCredentialAsync("a.example", "", Token));

        Assert.Contains(_scripts.Combine("first.json"), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://index.docker.io/v1", "docker.io")]
    [InlineData("https://a.example/v1/", "a.example")]
    [InlineData("a.example/some/path", "a.example")] // only the host counts in this format
    public async Task GetCredential_ReadsTheLegacyFormatLast(string key, string registry)
    {
        SystemCredentialsOptions options = Files("config.json", Auths("b.example", "b"));
        options.LegacyFile = _scripts.WriteFile(
            ".dockercfg", $$"""{"{{key}}":{"auth":"bGVnYWN5OmI=","email":"x"},"credsStore":{"auth":"eDp5"} }""");

        RegistryCredential? credential = await new SystemCredentials(options).GetCredentialAsync(registry, "library/x", Token);

        Assert.Equal("legacy", credential?.Username);
        Assert.Equal($"'{options.LegacyFile}' entry '{key}'", credential?.Source);
    }

    [Fact]
    public async Task GetCredential_SaysWhereItLookedInVain()
    {
        _scripts.Write("none", "echo 'credentials not found in native keychain'; exit 1");
        SystemCredentialsOptions options = Files(
            "absent.json", null, "first.json", """{"credsStore":"none"}""", "second.json", "{}");

        RegistryCredential? credential = await new SystemCredentials(options).GetCredentialAsync("a.example", "", Token);

        Assert.True(credential!.IsEmpty);
        Assert.Equal(
            $"no credential in '{_scripts.Combine("first.json")}' and its helper 'none', '{_scripts.Combine("second.json")}'",
            credential.Hint);
    }

    [Fact]
    public async Task GetCredential_SaysThatThereIsNoFile()
    {
        RegistryCredential? absent = await new SystemCredentials(Files("absent.json", null)).GetCredentialAsync("a.example", "", Token);
        RegistryCredential? none = await new SystemCredentials(new SystemCredentialsOptions()).GetCredentialAsync("a.example", "", Token);

        Assert.Equal($"no file of credentials exists: '{_scripts.Combine("absent.json")}'", absent?.Hint);
        Assert.Equal("no file of credentials is named", none?.Hint);
    }

    [Theory]
    [InlineData("files,chain", "file")]
    [InlineData("chain,files", "chain")]
    [InlineData("chain", "chain")]
    [InlineData("none,files", "file")]
    public async Task GetCredential_AsksHelpersOfTheSystemInOrder(string helpers, string expected)
    {
        _scripts.Write("none", "echo 'credentials not found in native keychain'; exit 1");
        _scripts.Write("chain", """printf '{"ServerURL":"%s","Username":"chain","Secret":"x"}' "$(cat)" """);
        SystemCredentialsOptions options = Files("auth.json", Auths("a.example", "file"));
        foreach (string helper in helpers.Split(','))
        {
            options.Helpers.Add(helper == "files" ? SystemCredentialsOptions.FilesHelper : helper);
        }

        RegistryCredential? credential = await new SystemCredentials(options).GetCredentialAsync("a.example", "x", Token);

        Assert.Equal(expected, credential?.Username);
        if (expected == "chain")
        {
            Assert.Equal("helper 'chain'", credential?.Source);
        }
    }

    [Fact]
    public void Constructor_RefusesWhatIsNoHelper()
    {
        var options = new SystemCredentialsOptions();
        options.Helpers.Add("../x");

        Assert.Throws<ArgumentException>(() => new SystemCredentials(options));
    }

    [Fact]
    public async Task Constructor_CopiesTheOptions()
    {
        SystemCredentialsOptions options = Files("auth.json", Auths("a.example", "file"));
        var credentials = new SystemCredentials(options);

        options.Files.Clear();
        options.Helpers.Add("absent");

        Assert.Equal("file", (await credentials.GetCredentialAsync("a.example", "", Token))?.Username);
    }

    private static string Auths(string key, string user) =>
        $$$"""{"auths":{"{{{key}}}":{"auth":"{{{Convert.ToBase64String(Encoding.UTF8.GetBytes(user + ":b"))}}}"} } }""";

    private static SystemCredentialsOptions FromVariables(params (string Name, string Value)[] variables) =>
        SystemCredentialsOptions.FromEnvironment(name => variables.FirstOrDefault(pair => pair.Name == name).Value);

    private SystemCredentialsOptions Files(params string?[] namesAndContents)
    {
        var options = new SystemCredentialsOptions { HelperOptions = _scripts.Options };
        foreach (string?[] pair in namesAndContents.Chunk(2))
        {
            options.Files.Add(pair[1] is null ? _scripts.Combine(pair[0]!) : _scripts.WriteFile(pair[0]!, pair[1]!));
        }

        return options;
    }
}
