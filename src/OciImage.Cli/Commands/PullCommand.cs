using System.CommandLine;
using OciImage.Cli.Locations;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg pull REF DIR</c>: short for <c>copy REF oci:DIR</c>.</summary>
internal static class PullCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> source = Arguments.Location("REF", "The image");
        Argument<ImageLocation> destination = Arguments.Layout("DIR", "The layout, made where it is missing");
        var command = new Command("pull", "Copy an image into an OCI layout. Short for 'copy REF oci:DIR'.")
        {
            source, destination,
        };
        var transfer = new ImageTransfer(context, command);
        var access = new RegistryAccessOptions(context);
        access.AddTo(command);
        command.SetAction((result, cancellationToken) => transfer.RunAsync(
            result, result.GetRequiredValue(source), access.Read(result),
            result.GetRequiredValue(destination), access.Read(result), cancellationToken));

        return command;
    }
}
