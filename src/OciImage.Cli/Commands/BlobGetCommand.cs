using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Content;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg blob get LOC@DIGEST</c>: the bytes of a blob.</summary>
internal static class BlobGetCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> location = Arguments.Location("LOC", "The blob, by its digest");
        Option<string?> output = Arguments.OutputFile();
        var access = new RegistryAccessOptions(context);
        var command = new Command(
            "get", "Write the verified bytes of a blob. On the standard output they are proven only by exit code 0.")
        {
            location, output,
        };
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            ImageLocation place = result.GetRequiredValue(location);
            Digest digest = place.Digest ??
                throw new UsageException($"A blob is named by its digest, as in '{place.ToPlaceText()}@sha256:…'.");
            await using OpenedStore source = await OpenedStore.OpenAsync(place, access.Read(result), create: false, cancellationToken);
            Descriptor blob = await source.FindBlobAsync(digest, cancellationToken);
            await using ContentStream content = await source.Store.OpenReadAsync(blob, cancellationToken);
            await OutputFile.WriteAsync(context, result.GetValue(output), content, cancellationToken);

            return ExitCode.Done;
        });

        return command;
    }
}
