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
            string scope = result.GetRequiredValue(host);
            CredentialFile file = RegistryHost.OpenAuthFile(context, result.GetValue(authFile));
            bool erased = await file.EraseAsync(scope, cancellationToken);
            if (result.GetValue(authFile) is null &&
                await RegistryHost.FindUsedAsync(context, scope, cancellationToken) is { } used)
            {
                context.Note(result, $"Commands use another credential for '{scope}': {used.Source}.");
            }

            if (!erased)
            {
                context.Terminal.Error.WriteLine($"ocimg: '{file.Path}' has no credentials for '{scope}'.");
                return ExitCode.NotFound;
            }

            context.Note(result, $"Logged out of '{scope}'.");
            return ExitCode.Done;
        });

        return command;
    }
}
