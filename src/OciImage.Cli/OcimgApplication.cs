using System.CommandLine;
using System.CommandLine.Parsing;
using OciImage.Cli.Commands;
using OciImage.Cli.Terminal;

namespace OciImage.Cli;

/// <summary>Runs one command line.</summary>
internal static class OcimgApplication
{
    /// <summary>Runs a command line and returns its exit code; nothing is thrown.</summary>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> arguments, ITerminal terminal, CancellationToken cancellationToken = default)
    {
        var context = new CommandContext(terminal);
        bool verbose = false;
        try
        {
            ParseResult result = CommandTree.Create(context).Parse(
                arguments,
                // A digest after '@' is an argument, not a file of further arguments.
                new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (result.Errors.Count > 0)
            {
                return RefuseUsage(context, result);
            }

            verbose = result.GetValue(context.Verbose);
            var configuration = new InvocationConfiguration
            {
                Output = terminal.Out,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                // Signals are the program's, so that a test can cancel as they do.
                ProcessTerminationTimeout = null,
            };
            return await result.InvokeAsync(configuration, cancellationToken);
        }
#pragma warning disable CA1031 // The end of the line: every error becomes an exit code and a message.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            int exitCode = ErrorReport.GetExitCode(exception, cancellationToken.IsCancellationRequested);
            ErrorReport.Write(context, exception, exitCode, verbose);
            return exitCode;
        }
    }

    private static int RefuseUsage(CommandContext context, ParseResult result)
    {
        foreach (ParseError error in result.Errors.DistinctBy(error => error.Message))
        {
            context.Terminal.Error.WriteLine(context.Redact($"ocimg: {error.Message}"));
        }

        string path = string.Join(' ', GetPath(result.CommandResult).Reverse());
        context.Terminal.Error.WriteLine($"  do: see '{path} --help'.");

        return ExitCode.Usage;
    }

    private static IEnumerable<string> GetPath(SymbolResult? result)
    {
        for (; result is not null; result = result.Parent)
        {
            if (result is CommandResult { Command: var command })
            {
                yield return command is RootCommand ? "ocimg" : command.Name;
            }
        }
    }
}
