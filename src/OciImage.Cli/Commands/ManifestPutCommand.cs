using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Content;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg manifest put LOC FILE</c>: writes a manifest or index, and tags it.</summary>
internal static class ManifestPutCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> location = Arguments.Destination("LOC", "Where it goes");
        var file = new Argument<string>("FILE") { Description = "The file with the manifest or index." };
        var mediaType = new Option<string?>("--media-type")
        {
            Description = "The media type, where the document does not say it.",
            HelpName = "TYPE",
        };
        var access = new RegistryAccessOptions(context);
        var command = new Command(
            "put", "Write a manifest or index from a file; what it refers to must be there. Prints its digest.")
        {
            location, file, mediaType,
        };
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            ImageLocation place = result.GetRequiredValue(location);
            ArchiveLocation.Refuse(place, "manifest put");
            (Descriptor manifest, byte[] bytes) = await ManifestFile.ReadAsync(
                result.GetRequiredValue(file), result.GetValue(mediaType), cancellationToken);
            if (place.Digest is Digest expected && expected != manifest.Digest)
            {
                throw new UsageException(
                    $"The file has the digest '{manifest.Digest}', but the destination says '{expected}'.");
            }

            await using OpenedStore target = await OpenedStore.OpenAsync(place, access.Read(result), create: true, cancellationToken);
            await target.Store.PushAsync(manifest, ReplayableContent.FromBytes(bytes), cancellationToken);
            if (place.Tag is string tag)
            {
                await target.Store.TagAsync(manifest, tag, cancellationToken);
            }

            await target.CompleteAsync(manifest, place.Tag, cancellationToken);
            ResultWriter.WriteContent(context, result, place.Describe(place.Tag, manifest.Digest), manifest);

            return ExitCode.Done;
        });

        return command;
    }
}
