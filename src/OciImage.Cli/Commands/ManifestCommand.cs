using System.CommandLine;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg manifest</c>: single manifests and indexes.</summary>
internal static class ManifestCommand
{
    public static Command Create(CommandContext context) => new("manifest", "Get or put one manifest or index.")
    {
        ManifestGetCommand.Create(context),
        ManifestPutCommand.Create(context),
    };
}
