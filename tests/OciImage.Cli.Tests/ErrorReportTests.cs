using System.Net;

namespace OciImage.Cli.Tests;

public sealed class ErrorReportTests
{
    public static TheoryData<Exception, int> Codes => new()
    {
        { new InvalidOperationException("x"), ExitCode.Failed },
        { new IOException("x"), ExitCode.Failed },
        { new RegistryException("x"), ExitCode.Failed },
        { new RegistryException("x") { StatusCode = HttpStatusCode.InternalServerError }, ExitCode.Failed },
        { new UsageException("x"), ExitCode.Usage },
        { new ContentVerificationException(Descriptor.Empty, "x"), ExitCode.NotVerified },
        { new DocumentFormatException("x"), ExitCode.NotVerified },
        { new LayerException(LayerErrorKind.Unsafe, "x"), ExitCode.NotVerified },
        { ContentNotFoundException.ForReference("x", "y"), ExitCode.NotFound },
        { new RegistryException("x") { StatusCode = HttpStatusCode.NotFound }, ExitCode.NotFound },
        { new FileNotFoundException("x"), ExitCode.NotFound },
        { new RegistryException("x") { StatusCode = HttpStatusCode.Unauthorized }, ExitCode.NotAuthorized },
        { new RegistryException("x") { StatusCode = HttpStatusCode.Forbidden }, ExitCode.NotAuthorized },
        { new AggregateException(new DocumentFormatException("x")), ExitCode.NotVerified },
        { new OperationCanceledException(), ExitCode.Failed }, // a time-out, not the user
    };

    [Theory]
    [MemberData(nameof(Codes))]
    public void GetExitCode_TellsScriptsWhatHappened(Exception exception, int expected) =>
        Assert.Equal(expected, ErrorReport.GetExitCode(exception, cancelled: false));

    [Fact]
    public void GetExitCode_Is130WhenTheUserCancelled() =>
        Assert.Equal(ExitCode.Cancelled, ErrorReport.GetExitCode(new OperationCanceledException(), cancelled: true));

    [Fact]
    public void Write_SaysWhatWhereAndWhatToDo()
    {
        var terminal = new TestTerminal();
        var error = new RegistryException("The registry answered 403.", new IOException("Closed."))
        {
            StatusCode = HttpStatusCode.Forbidden,
            RequestUri = new Uri("https://registry.example/v2/a/manifests/v1"),
        };

        ErrorReport.Write(new CommandContext(terminal), error, ExitCode.NotAuthorized, verbose: false);

        Assert.Equal(
            """
            ocimg: The registry answered 403.
              where: https://registry.example/v2/a/manifests/v1
              cause: Closed.
              do: log in with 'ocimg login HOST', or give --creds or --authfile.

            """,
            terminal.ErrorOutput);
    }

    [Fact]
    public void Write_ShowsTheStackOnlyWhenAsked()
    {
        var terminal = new TestTerminal();

        ErrorReport.Write(new CommandContext(terminal), Thrown(), ExitCode.Failed, verbose: true);

        Assert.Contains("   at OciImage.Cli.Tests", terminal.ErrorOutput, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_DoesNotLetAMessageSteerTheTerminal()
    {
        var terminal = new TestTerminal();

        ErrorReport.Write(
            new CommandContext(terminal), new IOException("red \u001b[31m\r\u202e"), ExitCode.Failed, verbose: false);

        Assert.Equal("ocimg: red \\u001b[31m\\u000d\\u202e\n", terminal.ErrorOutput);
    }

    private static InvalidOperationException Thrown()
    {
        try
        {
            throw new InvalidOperationException("x");
        }
        catch (InvalidOperationException exception)
        {
            return exception;
        }
    }
}
