using System.Diagnostics;
using OciImage.Registry;

namespace OciImage.Tests.Registry;

/// <summary>Helpers that are broken or hostile, and names that would lead elsewhere (attack R24).</summary>
public sealed class CredentialHelperAttackTests : IDisposable
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
    public async Task Get_RunsNothingFromRelativeEntriesOfThePath()
    {
        _scripts.Write("near", "printf '{\"Username\":\"ann\",\"Secret\":\"b\"}'");
        CredentialHelperOptions options = _scripts.Options;
        options.Environment["PATH"] = $":.:{Path.GetRelativePath(Environment.CurrentDirectory, _scripts.Bin)}";

        await Refused(new CredentialHelper("near", options), CredentialHelperErrorKind.NotInstalled);
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
