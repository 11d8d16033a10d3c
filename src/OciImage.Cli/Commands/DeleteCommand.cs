using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Content;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg delete LOC</c>: removes a tag, or a manifest with all its tags.</summary>
internal static class DeleteCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> location = Arguments.Destination("LOC", "The tag, or the manifest by its digest");
        var access = new RegistryAccessOptions(context);
        var command = new Command(
            "delete", "Remove a tag (:TAG), or a manifest and every tag that points to it (@DIGEST).") { location };
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            ImageLocation place = result.GetRequiredValue(location);
            if (place is { Tag: null, Digest: null })
            {
                throw new UsageException($"'delete' wants a tag or a digest spelled out, but '{place.ToPlaceText()}' has none.");
            }

            await using OpenedStore opened = await OpenedStore.OpenAsync(place, access.Read(result), create: false, cancellationToken);
            if (place.Digest is Digest digest)
            {
                Descriptor content = await opened.Store.ResolveAsync(digest.ToString(), cancellationToken);
                await ((IContentDeleter)opened.Store).DeleteAsync(content, cancellationToken);
            }
            else
            {
                await ((IReferenceUntagger)opened.Store).UntagAsync(place.Tag!, cancellationToken);
            }

            context.Note(result, $"Deleted '{place}'.");
            return ExitCode.Done;
        });

        return command;
    }
}
