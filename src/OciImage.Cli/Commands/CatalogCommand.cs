using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Registry;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg catalog HOST</c>: lists repositories.</summary>
internal static class CatalogCommand
{
    public static Command Create(CommandContext context)
    {
        var host = new Argument<string>("HOST")
        {
            Description = "The registry, such as registry.example:5000.",
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (!ImageReference.TryParse(text + "/x", out ImageReference? name) || name.Registry != text)
                {
                    result.AddError($"'{text}' is not a registry; a host with an optional port is expected.");
                }

                return text;
            },
        };
        var access = new RegistryAccessOptions(context);
        var command = new Command("catalog", "List the repositories of a registry, one a line, where it offers that.") { host };
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            string registry = result.GetRequiredValue(host);
            using RegistryClient client = access.Read(result).CreateClient(registry);
            IAsyncEnumerable<string> repositories = client.ListRepositoriesAsync(registry, cancellationToken);
            if (result.GetValue(context.Json))
            {
                var all = new List<string>();
                await foreach (string repository in repositories)
                {
                    all.Add(repository);
                }

                ResultWriter.WriteJson(context, new CatalogResult(registry, all), ResultJsonContext.Results.CatalogResult);
                return ExitCode.Done;
            }

            await foreach (string repository in repositories)
            {
                context.Terminal.Out.WriteLine(SafeText.Of(repository));
            }

            return ExitCode.Done;
        });

        return command;
    }
}
