using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Content;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg manifest get LOC</c>: the bytes of a manifest or index.</summary>
internal static class ManifestGetCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> location = Arguments.Location("LOC", "The manifest");
        Option<string?> output = Arguments.OutputFile();
        var access = new RegistryAccessOptions(context);
        var command = new Command("get", "Write the verified bytes of a manifest or index, exactly as they are.")
        {
            location, output,
        };
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            await using OpenedImage image = await OpenedImage.OpenAsync(
                result.GetRequiredValue(location), access.Read(result), cancellationToken);
            await using ContentStream content = await image.Source.OpenReadAsync(image.Root, cancellationToken);
            await OutputFile.WriteAsync(context, result.GetValue(output), content, cancellationToken);

            return ExitCode.Done;
        });

        return command;
    }
}
