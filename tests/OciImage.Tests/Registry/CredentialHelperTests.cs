using System.Diagnostics;
using OciImage.Registry;

namespace OciImage.Tests.Registry;

public sealed class CredentialHelperTests : IDisposable
{
    private const string Secret = "hunter2-hunter2";

    private readonly HelperScripts _scripts = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _scripts.Dispose();

    [Theory]
    [InlineData("pass", true)]
    [InlineData("ecr-login", true)]
    [InlineData("desktop.exe", true)]
    [InlineData("a_B.9", true)]
    [InlineData("../x", false)] // out of the directory
    [InlineData("..", false)]
    [InlineData("a..b", false)]
    [InlineData("/usr/bin/x", false)] // another program
    [InlineData("a/b", false)]
    [InlineData("a\\b", false)]
    [InlineData("x y", false)]
    [InlineData("x;y", false)]
    [InlineData("$(x)", false)]
    [InlineData("-x", false)] // an option
    [InlineData(".x", false)]
    [InlineData("", false)]
    [InlineData("x\n", false)]
    [InlineData("x\0", false)]
    [InlineData("ä", false)]
    public void IsName_TellsWhatMayBecomePartOfAFileName(string name, bool expected)
    {
        Assert.Equal(expected, CredentialHelper.IsName(name));
        if (!expected)
        {
            Assert.ThrowsAny<ArgumentException>(() => new CredentialHelper(name));
        }
    }

    [Fact]
    public void IsName_HasALongestName()
    {
        Assert.True(CredentialHelper.IsName(new string('a', 64)));
        Assert.False(CredentialHelper.IsName(new string('a', 65)));
        Assert.False(CredentialHelper.IsName(null));
    }

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
    public async Task Get_RepeatsNoSecretOfAFailingHelper()
    {
        CredentialHelper helper = _scripts.Write(
            "loud", $$"""echo 'cannot use {{Secret}}' >&2; printf '{"Username":"ann","Secret":"{{Secret}}"}'; exit 1""");

        CredentialHelperException error = await Refused(helper, CredentialHelperErrorKind.Failed);

        Assert.Contains("cannot use", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("echo 'Error: the keychain is locked'; exit 1", "the keychain is locked")]
    [InlineData("echo hunter2-hunter2; exit 1", "when asked to 'get'.")] // may be anything
    public async Task Get_QuotesTheOutputOnlyWhereItIsASentence(string body, string expected)
    {
        CredentialHelperException error = await Refused(_scripts.Write("words", body), CredentialHelperErrorKind.Failed);

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("printf 'hunter2-hunter2'")]
    [InlineData("printf '{\"Secret\":\"hunter2-hunter2\"'")]
    [InlineData("printf '[\"hunter2-hunter2\"]'")]
    [InlineData("printf '{\"Username\":\"hunter2-hunter2\"}'")]
    [InlineData("printf '{\"Username\":\"ann\",\"Secret\":[\"hunter2-hunter2\"]}'")]
    [InlineData("printf '{\"Username\":\"\\\\ud800\",\"Secret\":\"hunter2-hunter2\"}'")]
    [InlineData("printf '{\"Username\":\"ann\",\"Secret\":\"hunter2-hunter2\\377\"}'")]
    [InlineData("exit 0")]
    public async Task Get_RefusesWhatIsNoAnswer(string body)
    {
        await Refused(_scripts.Write("garbage", body), CredentialHelperErrorKind.Malformed);
    }

    [Fact]
    public async Task Get_RefusesTheCredentialOfAnotherRegistry()
    {
        CredentialHelper helper = _scripts.Write(
            "other", $$"""printf '{"ServerURL":"https://b.example","Username":"ann","Secret":"{{Secret}}"}'""");

        CredentialHelperException error = await Refused(helper, CredentialHelperErrorKind.Malformed);

        Assert.Contains("b.example", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("yes hunter2-hunter2 | head -c 1073741824")]
    [InlineData("yes hunter2-hunter2 | head -c 1073741824 >&2")]
    [InlineData("yes hunter2-hunter2 | head -c 1073741824; sleep 1000")]
    public async Task Get_EndsAHelperThatWritesWithoutEnd(string body)
    {
        long started = Stopwatch.GetTimestamp();

        await Refused(_scripts.Write("endless", body), CredentialHelperErrorKind.TooMuchOutput);

        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(20));
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

    [Theory]
    [InlineData("exec sleep 1000")]
    [InlineData("mkfifo \"$0.fifo\"; read line < \"$0.fifo\"")]
    [InlineData("trap '' TERM INT HUP; while :; do sleep 1000; done")]
    [InlineData("sleep 1000 & echo $! > \"$0.pid\"; wait")]
    public async Task Get_EndsAHelperThatDoesNotEnd(string body)
    {
        _scripts.Write("stuck", $"echo $$ > \"$0.pid\"\n{body}");
        CredentialHelperOptions options = _scripts.Options;
        options.Timeout = TimeSpan.FromMilliseconds(500);

        CredentialHelperException error = await Refused(
            new CredentialHelper("stuck", options), CredentialHelperErrorKind.TimedOut);

        Assert.Contains("0.5 s", error.Message, StringComparison.Ordinal);
        string pid = await File.ReadAllTextAsync(_scripts.Combine("bin", "docker-credential-stuck.pid"), Token);
        Assert.True(SpinWait.SpinUntil(() => HasEnded(pid.Trim()), TimeSpan.FromSeconds(20)), $"Process {pid} is still there.");
    }

    [Fact]
    public async Task Get_EndsTheHelperWhenItIsCancelled()
    {
        CredentialHelper helper = _scripts.Write("slow", "mkfifo \"$0.fifo\"; echo $$ > \"$0.pid\"; read line < \"$0.fifo\"");
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task<RegistryCredential?> asking = helper.GetAsync("a.example", cancellation.Token).AsTask();
        string file = _scripts.Combine("bin", "docker-credential-slow.pid");
        Assert.True(SpinWait.SpinUntil(() => File.Exists(file) && new FileInfo(file).Length > 0, TimeSpan.FromSeconds(20)));

        await cancellation.CancelAsync();

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        Assert.Equal(cancellation.Token, error.CancellationToken);
        string pid = await File.ReadAllTextAsync(file, Token);
        Assert.True(SpinWait.SpinUntil(() => HasEnded(pid.Trim()), TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Get_DoesNotWaitForWhatAHelperLeavesRunning()
    {
        // As gpg's agent may: it keeps the output open.
        CredentialHelper helper = _scripts.Write(
            "agent", """sleep 60 & printf '{"Username":"ann","Secret":"b"}'""");
        long started = Stopwatch.GetTimestamp();

        RegistryCredential? credential = await helper.GetAsync("a.example", Token);

        Assert.Equal("ann", credential?.Username);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(25));
    }

    [Fact]
    public async Task Get_NamesAHelperThatIsNotThere()
    {
        CredentialHelperException error = await Refused(
            new CredentialHelper("absent", _scripts.Options), CredentialHelperErrorKind.NotInstalled);

        Assert.Contains("docker-credential-absent", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_RunsNothingFromRelativeEntriesOfThePath()
    {
        _scripts.Write("near", "printf '{\"Username\":\"ann\",\"Secret\":\"b\"}'");
        CredentialHelperOptions options = _scripts.Options;
        options.Environment["PATH"] = $":.:{Path.GetRelativePath(Environment.CurrentDirectory, _scripts.Bin)}";

        await Refused(new CredentialHelper("near", options), CredentialHelperErrorKind.NotInstalled);
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

    [Theory]
    [InlineData("hunter2-hunter2", "hunter2")]
    [InlineData("pa\"ss<wo\\rd", "<wo")] // which JSON writes in another way
    [InlineData("x", "Secret")] // hiding it alone would tell where it is
    public async Task Store_RepeatsNoSecretOfAFailingHelper(string secret, string part)
    {
        CredentialHelper helper = _scripts.Write("echoing", "cat >&2; exit 1");

        var error = await Assert.ThrowsAsync<CredentialHelperException>(
            async () => await helper.StoreAsync("a.example", new RegistryCredential("ann", secret), Token));

        Assert.DoesNotContain(part, error.ToString().Split('\n')[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_SurvivesAHelperThatReadsNothing()
    {
        CredentialHelper helper = _scripts.Write("deaf", "exec <&-; exit 0");

        await helper.StoreAsync("a.example", new RegistryCredential("ann", new string('x', 1_000_000)), Token);

        Assert.Empty(_scripts.Log);
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

    [Theory]
    [InlineData("printf '[]'", CredentialHelperErrorKind.Malformed)]
    [InlineData("printf '{\"a\":[\"hunter2-hunter2\"]}'", CredentialHelperErrorKind.Malformed)]
    [InlineData("exit 2", CredentialHelperErrorKind.Failed)]
    public async Task List_RefusesWhatIsNone(string body, CredentialHelperErrorKind kind)
    {
        CredentialHelper helper = _scripts.Write("list", body);

        var error = await Assert.ThrowsAsync<CredentialHelperException>(async () => await helper.ListAsync(Token));

        Assert.Equal(kind, error.Kind);
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
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

    // Gone, or ended and not yet collected by whoever inherited it.
    private static bool HasEnded(string pid)
    {
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        try
        {
            return File.ReadAllText($"/proc/{pid}/stat").Split(") ").Last().StartsWith('Z');
        }
        catch (IOException)
        {
            return true;
        }
    }
}
