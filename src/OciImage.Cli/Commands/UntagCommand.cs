using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Content;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg untag LOC:TAG</c>: removes a tag and leaves the content.</summary>
internal static class UntagCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> location = Arguments.Destination("LOC", "The tag");
        var access = new RegistryAccessOptions(context);
        var command = new Command("untag", "Remove a tag. The content stays until 'gc'.") { location };
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            ImageLocation place = result.GetRequiredValue(location);
            if (place is not { Tag: { } tag, Digest: null })
            {
                throw new UsageException($"'untag' wants a tag spelled out and no digest, but got '{place}'.");
            }

            await using OpenedStore opened = await OpenedStore.OpenAsync(place, access.Read(result), create: false, cancellationToken);
            if (opened.Store is not IReferenceUntagger untagger)
            {
                throw new UsageException($"No tag can be removed from '{place.ToPlaceText()}'.");
            }

            await untagger.UntagAsync(tag, cancellationToken);
            context.Note(result, $"Removed '{place}'.");
            return ExitCode.Done;
        });

        return command;
    }
}
