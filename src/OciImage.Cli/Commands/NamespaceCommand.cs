using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Layout;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg namespace</c>: the namespaces of a layout.</summary>
internal static class NamespaceCommand
{
    public static Command Create(CommandContext context) => new("namespace", "List or clear the namespaces of a layout.")
    {
        CreateList(context), CreateRemove(context),
    };

    private static Command CreateList(CommandContext context)
    {
        Argument<ImageLocation> directory = Arguments.Layout("DIR", "The layout");
        var command = new Command("ls", "List the namespaces that have a name or a lease, one a line.") { directory };
        command.SetAction(async (result, cancellationToken) =>
        {
            OciLayout layout = await LayoutAccess.OpenAsync(context, result, directory, cancellationToken);
            string[] names = await layout.ListNamespacesAsync(cancellationToken).ToArrayAsync(cancellationToken);
            if (result.GetValue(context.Json))
            {
                ResultWriter.WriteJson(context, names, ResultJsonContext.Results.StringArray);
                return ExitCode.Done;
            }

            foreach (string name in names)
            {
                context.Terminal.Out.WriteLine(name);
            }

            return ExitCode.Done;
        });

        return command;
    }

    private static Command CreateRemove(CommandContext context)
    {
        Argument<ImageLocation> directory = Arguments.Layout("DIR", "The layout");
        var name = new Argument<string>("NS") { Description = "The namespace." };
        var command = new Command("rm", "Take away all names and leases of a namespace. The content stays until 'gc'.")
        {
            directory, name,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            OciLayout layout = await LayoutAccess.OpenAsync(context, result, directory, cancellationToken);
            string wanted = result.GetRequiredValue(name);
            try
            {
                layout = layout.InNamespace(wanted);
            }
            catch (ArgumentException exception)
            {
                throw new UsageException(exception.Message, exception);
            }

            int removed = await layout.ClearNamespaceAsync(cancellationToken);
            if (removed == 0)
            {
                throw new ContentNotFoundException($"The namespace '{wanted}' is not in '{layout.DirectoryPath}'.");
            }

            context.Note(result, $"Took away {removed} names and leases of '{wanted}'.");
            return ExitCode.Done;
        });

        return command;
    }
}
