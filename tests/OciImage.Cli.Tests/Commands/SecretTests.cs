using OciImage.Registry;

namespace OciImage.Cli.Tests.Commands;

/// <summary>No password reaches an output, whatever goes wrong.</summary>
public sealed class SecretTests
{
    private const string Password = "hunter2-hunter2";

    [Theory]
    [InlineData("digest", "127.0.0.1:1/a:v1", "--plain-http", "--creds", "user:" + Password)] // nobody listens
    [InlineData("copy", "one.example/a", "two.example/a", "--creds", "user:" + Password)]
    [InlineData("digest", "oci:/does/not/exist", "--creds", "user:" + Password)]
    [InlineData("digest", "oci:/does/not/exist", "--creds", Password)] // no colon
    [InlineData("digest", "oci:/does/not/exist:x", "--creds", "user:" + Password, "--bogus")]
    [InlineData("digest", "oci:/does/not/exist/" + Password, "--creds", "user:" + Password)] // where the message quotes it
    public async Task Run_DoesNotPrintAPassword(params string[] arguments)
    {
        var terminal = new TestTerminal();

        int exitCode = await Ocimg.RunAsync(terminal, [.. arguments, "-v"]);

        Assert.NotEqual(ExitCode.Done, exitCode);
        Assert.DoesNotContain(Password, terminal.ErrorOutput, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, terminal.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Login_DoesNotPrintAPassword(bool interactive)
    {
        var terminal = new TestTerminal(Password + "\n") { IsInputInteractive = interactive, Secret = Password };
        string[] arguments = interactive ? ["-u", "user"] : ["-u", "user", "--password-stdin"];

        int exitCode = await Ocimg.RunAsync(terminal, ["login", "127.0.0.1:1", "--plain-http", "-v", .. arguments]);

        Assert.NotEqual(ExitCode.Done, exitCode);
        Assert.DoesNotContain(Password, terminal.ErrorOutput + terminal.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Credential_IsNotPrintedByItsOwnText()
    {
        var credential = new RegistryCredential("user", Password);

        Assert.DoesNotContain(Password, credential.ToString(), StringComparison.Ordinal);
    }
}
