using System.CommandLine;
using OciImage.Registry;

namespace OciImage.Cli.Commands;

/// <summary>What <c>login</c> and <c>logout</c> share: the registry, or a namespace of it, and the file of credentials.</summary>
internal static class RegistryHost
{
    public static Argument<string> Argument() => new("HOST")
    {
        Description = "The registry, such as registry.example:5000 or docker.io, or a repository or namespace of it: HOST/NAMESPACE.",
        HelpName = "HOST[/NAMESPACE]",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            // Any image name will do to let the grammar of hosts and namespaces decide.
            if (!ImageReference.TryParse(text + "/x", out ImageReference? name) ||
                (name.Registry != text && $"{name.Registry}/{name.Repository}" != text + "/x"))
            {
                result.AddError(
                    $"'{text}' is not a registry; a host with an optional port is expected, or a namespace of one without a tag.");
            }

            return text;
        },
    };

    public static Option<string?> AuthFileOption() => new("--authfile")
    {
        Description = "Keep credentials in this file, in the format of docker's config.json and containers' auth.json.",
        HelpName = "FILE",
    };

    /// <summary>Opens the file that a login writes: the given one, else $REGISTRY_AUTH_FILE, else docker's config.json.</summary>
    /// <exception cref="UsageException">None is given, and there is no home directory to have one in.</exception>
    public static CredentialFile OpenAuthFile(CommandContext context, string? given)
    {
        SystemCredentialsOptions system = SystemCredentialsOptions.FromEnvironment(context.Terminal.GetVariable);

        return new CredentialFile(
            given ?? system.LoginFile ?? throw new UsageException("There is no home directory. Give a file with '--authfile'."),
            system.HelperOptions);
    }

    /// <summary>Returns which credential commands use now without <c>--authfile</c>; null for none, and where that cannot be said.</summary>
    public static async Task<RegistryCredential?> FindUsedAsync(
        CommandContext context, string scope, CancellationToken cancellationToken)
    {
        string[] parts = scope.Split('/', 2);
        var system = new SystemCredentials(SystemCredentialsOptions.FromEnvironment(context.Terminal.GetVariable));
        try
        {
            return await system.GetCredentialAsync(parts[0], parts.ElementAtOrDefault(1) ?? "", cancellationToken)
                is { IsEmpty: false } credential ? credential : null;
        }
        catch (Exception exception) when (exception is OciException or IOException or UnauthorizedAccessException)
        {
            // Another file or helper is at fault, which the next command tells.
            return null;
        }
    }
}
