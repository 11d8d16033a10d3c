using System.CommandLine;
using OciImage.Registry;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg logout HOST</c>: forgets the credentials of a registry.</summary>
internal static class LogoutCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<string> host = RegistryHost.Argument();
        Option<string?> authFile = RegistryHost.AuthFileOption();
        var command = new Command("logout", "Forget the user and password of a registry.") { host, authFile };
        command.SetAction(async (result, cancellationToken) =>
        {
            string registry = result.GetRequiredValue(host);
            string file = RegistryHost.ResolveAuthFile(context, result.GetValue(authFile));
            if (!File.Exists(file) || !await new DockerConfigFile(file).EraseAsync(registry, cancellationToken))
            {
                context.Terminal.Error.WriteLine($"ocimg: '{file}' has no credentials for '{registry}'.");
                return ExitCode.NotFound;
            }

            context.Note(result, $"Logged out of '{registry}'.");
            return ExitCode.Done;
        });

        return command;
    }
}
