using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg digest LOC</c>: prints the digest of a manifest or index.</summary>
internal static class DigestCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> location = Arguments.Location("LOC", "The image");
        var access = new RegistryAccessOptions(context);
        var command = new Command("digest", "Print the digest of an image's manifest or index.") { location };
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            ImageLocation place = result.GetRequiredValue(location);
            await using OpenedImage image = await OpenedImage.OpenAsync(place, access.Read(result), cancellationToken);
            ResultWriter.WriteContent(context, result, place.ToString(), image.Root);

            return ExitCode.Done;
        });

        return command;
    }
}
