using System.CommandLine;
using OciImage.Cli.Locations;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg copy SRC DST</c>: copies an image with all below it.</summary>
internal static class CopyCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> source = Arguments.Location("SRC", "The image", "src");
        Argument<ImageLocation> destination = Arguments.Destination(
            "DST", "Where it goes; without a tag it takes that of SRC, if any", "dest");
        var command = new Command("copy", "Copy an image between registries and OCI layouts. Prints its digest.")
        {
            source, destination,
        };
        var transfer = new ImageTransfer(context, command);
        var both = new RegistryAccessOptions(context);
        var from = new RegistryAccessOptions(context, "src");
        var to = new RegistryAccessOptions(context, "dest");
        both.AddTo(command);
        from.AddTo(command);
        to.AddTo(command);
        command.SetAction((result, cancellationToken) =>
        {
            ImageLocation origin = result.GetRequiredValue(source);
            ImageLocation target = result.GetRequiredValue(destination);
            both.RefuseForTwo(result, origin, target, "Give '--src-creds' and '--dest-creds' instead.");
            PlaceAccess access = both.Read(result);
            return transfer.RunAsync(
                result, origin, from.Read(result, access), target, to.Read(result, access), cancellationToken);
        });

        return command;
    }
}
