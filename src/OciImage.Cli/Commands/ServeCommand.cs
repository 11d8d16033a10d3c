using System.CommandLine;
using OciImage.Cli.Output;
using OciImage.Layout;
using OciImage.Server;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg serve DIR</c>: a registry over a directory.</summary>
internal static class ServeCommand
{
    public static Command Create(CommandContext context)
    {
        var directory = new Argument<string>("DIR") { Description = "The directory that holds a layout for each repository." };
        var listen = new Option<string>("--listen")
        {
            Description = "The address and port; port 0 takes a free one.",
            DefaultValueFactory = _ => "127.0.0.1:5000",
            HelpName = "ADDRESS:PORT",
        };
        var readOnly = new Option<bool>("--read-only") { Description = "Refuse every change." };
        var command = new Command(
            "serve", "Serve a directory as a registry until interrupted. Prints the host and port that it listens on.")
        {
            directory, listen, readOnly,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            string path = result.GetRequiredValue(directory);
            if (path.Length == 0)
            {
                throw new UsageException("'serve' wants a directory.");
            }

            Directory.CreateDirectory(path);
            await using RegistryServer server = await RegistryServer.StartAsync(
                new LayoutRepositoryProvider(path),
                result.GetRequiredValue(listen),
                new RegistryServerOptions { ReadOnly = result.GetValue(readOnly) },
                cancellationToken);
            Announce(context, result, path, server);
            try
            {
                await server.WaitForShutdownAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // To be interrupted is how serving ends.
            }

            return ExitCode.Done;
        });

        return command;
    }

    private static void Announce(CommandContext context, ParseResult result, string path, RegistryServer server)
    {
        context.Note(result, $"Serving '{path}' at {server.Address}; interrupt to stop.");
        if (result.GetValue(context.Json))
        {
            ResultWriter.WriteJson(
                context, new ServeResult(server.Host, server.Address.ToString()), ResultJsonContext.Lines.ServeResult);
        }
        else
        {
            context.Terminal.Out.WriteLine(server.Host);
        }

        context.Terminal.Out.Flush();
    }
}
