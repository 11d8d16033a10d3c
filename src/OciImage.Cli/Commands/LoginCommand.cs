using System.CommandLine;
using OciImage.Registry;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg login HOST</c>: tries credentials and keeps them.</summary>
internal static class LoginCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<string> host = RegistryHost.Argument();
        var username = new Option<string?>("--username", "-u") { Description = "The user.", HelpName = "U" };
        var fromInput = new Option<bool>("--password-stdin") { Description = "Read the password from the standard input." };
        var plainHttp = new Option<bool>("--plain-http") { Description = "Use http, not https." };
        var insecure = new Option<bool>("--insecure") { Description = "Accept any TLS certificate." };
        Option<string?> authFile = RegistryHost.AuthFileOption();
        var command = new Command("login", "Try a user and password at a registry, and keep them when they are right.")
        {
            host, username, fromInput, plainHttp, insecure, authFile,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            string scope = result.GetRequiredValue(host);
            string registry = scope.Split('/')[0];
            CredentialFile file = RegistryHost.OpenAuthFile(context, result.GetValue(authFile));
            RegistryCredential credential = await ReadAsync(
                context, scope, result.GetValue(username), result.GetValue(fromInput), cancellationToken);
            var access = new Locations.PlaceAccess(result.GetValue(plainHttp), result.GetValue(insecure), credential, null)
            {
                Variables = context.Terminal.GetVariable,
            };
            using (RegistryClient client = access.CreateClient(registry))
            {
                await client.PingAsync(registry, cancellationToken);
            }

            string? helper = await file.StoreAsync(scope, credential, cancellationToken);
            string kept = helper is null
                ? $"kept in '{file.Path}', not encrypted"
                : $"kept by the credential helper '{helper}' that '{file.Path}' names";
            context.Note(result, $"Logged in to '{scope}' as '{credential.Username}'; {kept}.");
            if (result.GetValue(authFile) is null && helper is null)
            {
                await WarnOfAnotherAsync(context, result, scope, credential, cancellationToken);
            }

            return ExitCode.Done;
        });

        return command;
    }

    // A file that is asked before may have another credential, which would make this one of no use.
    private static async Task WarnOfAnotherAsync(
        CommandContext context, ParseResult result, string scope, RegistryCredential credential, CancellationToken cancellationToken)
    {
        RegistryCredential? used = await RegistryHost.FindUsedAsync(context, scope, cancellationToken);
        if (used is not null && (used.Username != credential.Username || used.Password != credential.Password))
        {
            context.Note(result, $"But commands use another credential for '{scope}', which comes first: {used.Source}.");
        }
    }

    private static async Task<RegistryCredential> ReadAsync(
        CommandContext context, string registry, string? username, bool fromInput, CancellationToken cancellationToken)
    {
        string? password;
        if (fromInput)
        {
            password = await context.Terminal.In.ReadLineAsync(cancellationToken);
        }
        else if (context.Terminal.IsInputInteractive)
        {
            if (username is null)
            {
                context.Terminal.Error.Write($"User for {registry}: ");
                username = await context.Terminal.In.ReadLineAsync(cancellationToken);
            }

            password = context.Terminal.ReadSecret($"Password for {registry}: ");
        }
        else
        {
            throw new UsageException("No one is there to be asked for a password. Give it with '--password-stdin'.");
        }

        context.Hide(password);

        return string.IsNullOrEmpty(username) || string.IsNullOrEmpty(password)
            ? throw new UsageException("'login' wants a user ('-u U') and a password that are not empty.")
            : new RegistryCredential(username, password);
    }
}
