using System.CommandLine;
using OciImage.Registry;

namespace OciImage.Cli.Commands;

/// <summary>What <c>login</c> and <c>logout</c> share.</summary>
internal static class RegistryHost
{
    public static Argument<string> Argument() => new("HOST")
    {
        Description = "The registry, such as registry.example:5000 or docker.io.",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            // Any image name will do to let the grammar of hosts decide.
            if (!ImageReference.TryParse(text + "/x", out ImageReference? name) || name.Registry != text)
            {
                result.AddError($"'{text}' is not a registry; a host with an optional port is expected.");
            }

            return text;
        },
    };

    public static Option<string?> AuthFileOption() => new("--authfile")
    {
        Description = "Keep credentials in this file, in the format of docker's config.json.",
        HelpName = "FILE",
    };

    public static string ResolveAuthFile(CommandContext context, string? given) =>
        given ??
        (context.Terminal.GetVariable("REGISTRY_AUTH_FILE") is { Length: > 0 } file ? file : DockerConfigFile.DefaultPath);
}
