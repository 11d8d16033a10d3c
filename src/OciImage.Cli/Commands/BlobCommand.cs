using System.CommandLine;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg blob</c>: single blobs.</summary>
internal static class BlobCommand
{
    public static Command Create(CommandContext context) => new("blob", "Get or put one blob.")
    {
        BlobGetCommand.Create(context),
        BlobPutCommand.Create(context),
    };
}
