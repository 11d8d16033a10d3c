namespace OciImage.Cli.Tests.Commands;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData]
    [InlineData("bogus")]
    [InlineData("copy")]
    [InlineData("copy", "oci:a")]
    [InlineData("copy", "oci:a", "oci:b", "oci:c")]
    [InlineData("copy", "oci:a", "oci:b", "--bogus")]
    [InlineData("copy", "oci:a", "oci:b", "--jobs", "0")]
    [InlineData("copy", "oci:a", "oci:b", "--jobs", "65")]
    [InlineData("copy", "oci:a", "oci:b", "--jobs", "x")]
    [InlineData("copy", "oci:a", "oci:b", "--ranges", "0")]
    [InlineData("pull", "quay.example/a", "b", "--ranges", "17")]
    [InlineData("copy", "oci:a", "oci:b", "--referrer-type")]
    [InlineData("referrers")]
    [InlineData("copy", "oci:a", "oci:b", "--sparse")]
    [InlineData("copy", "oci:a", "oci:b", "--platform", "not a platform")]
    [InlineData("copy", "oci-archive:", "oci:b")]
    [InlineData("copy", "oci:a", "docker-archive::b")]
    [InlineData("export", "oci:a")]
    [InlineData("import", "a.tar", "oci:b:v1")]
    [InlineData("copy", "oci:a", "oci:b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    [InlineData("copy", "one.example/a", "two.example/a", "--creds", "user:password")]
    [InlineData("inspect", "oci:a", "--raw", "--tree")]
    [InlineData("tags", "oci:a:v1")]
    [InlineData("tags", "quay.example/a:v1")]
    [InlineData("delete", "oci:a")]
    [InlineData("delete", "quay.example/a")] // never the default tag
    [InlineData("blob")]
    [InlineData("blob", "get", "quay.example/a:v1")]
    [InlineData("build", "oci:a")]
    [InlineData("build", "oci:a", "--from", "scratch", "--add", "x")]
    [InlineData("build", "oci:a", "--from", "scratch", "--add", "x:relative")]
    [InlineData("build", "oci:a", "--from", "scratch", "--created", "yesterday")]
    [InlineData("build", "oci:a", "--from", "scratch", "--env", "=x")]
    [InlineData("build", "oci:a", "--from", "scratch", "--label", "x")]
    [InlineData("build", "oci:a", "--from", "scratch", "--entrypoint", "[\"x\"")]
    [InlineData("build", "oci:a", "--from", "oci-archive:")]
    [InlineData("login", "not a host")]
    [InlineData("login", "quay.example/repo")]
    [InlineData("login", "quay.example")] // nobody to ask, and no --password-stdin
    [InlineData("login", "quay.example", "--password-stdin")] // no user
    [InlineData("completion", "fish")]
    [InlineData("digest", "oci:a", "--progress", "loud")]
    [InlineData("digest", "oci:a", "--creds", "nocolon")]
    [InlineData("digest", "quay.example/a", "--authfile", "/does/not/exist")]
    public async Task Run_ExitsWithTwoForWhatMakesNoSense(params string[] arguments)
    {
        string error = await Ocimg.RunRefusedAsync(ExitCode.Usage, arguments);

        Assert.StartsWith("ocimg: ", error, StringComparison.Ordinal);
        Assert.Contains("--help'", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("copy", "--help")]
    [InlineData("blob", "get", "-h")]
    public async Task Run_ShowsHelp(params string[] arguments) =>
        Assert.Contains("Usage:", await Ocimg.RunOkAsync(arguments), StringComparison.Ordinal);

    [Fact]
    public async Task Run_ShowsItsOwnVersion() =>
        Assert.Matches(@"^ocimg \d+\.\d+\.\d+", await Ocimg.RunOkAsync("--version"));

    [Fact]
    public async Task Run_DoesNotReadArgumentsFromAFile() =>
        Assert.Contains("'@", await Ocimg.RunRefusedAsync(ExitCode.Usage, "digest", "@/etc/hostname"), StringComparison.Ordinal);

    [Theory]
    [InlineData("bash", "complete -o default -F _ocimg ocimg")]
    [InlineData("zsh", "#compdef ocimg")]
    [InlineData("pwsh", "Register-ArgumentCompleter")]
    public async Task Completion_WritesAScriptThatAsksForSuggestions(string shell, string expected)
    {
        string script = await Ocimg.RunOkAsync("completion", shell);

        Assert.Contains(expected, script, StringComparison.Ordinal);
        Assert.Contains("[suggest:", script, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Suggest_CompletesCommandsAndOptions()
    {
        Assert.Equal("completion\ncopy", await Ocimg.RunOkAsync("[suggest:8]", "ocimg co"));
        Assert.Contains("--jobs", await Ocimg.RunOkAsync("[suggest:14]", "ocimg copy --j"), StringComparison.Ordinal);
    }
}
