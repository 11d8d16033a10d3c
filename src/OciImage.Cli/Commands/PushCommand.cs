using System.CommandLine;
using OciImage.Cli.Locations;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg push DIR REF</c>: short for <c>copy oci:DIR REF</c>.</summary>
internal static class PushCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> source = Arguments.Layout("DIR", "The layout");
        Argument<ImageLocation> destination = Arguments.Destination(
            "REF", "Where it goes; without a tag it takes that of DIR, if any");
        var command = new Command("push", "Copy an image out of an OCI layout. Short for 'copy oci:DIR REF'.")
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
