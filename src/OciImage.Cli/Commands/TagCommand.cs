using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Content;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg tag LOC TAG…</c>: gives an image more tags.</summary>
internal static class TagCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> location = Arguments.Destination("LOC", "The image");
        var tags = new Argument<string[]>("TAG")
        {
            Description = "The new tags; with --namespace, whole references. One that is there moves.",
            Arity = ArgumentArity.OneOrMore,
        };
        var access = new RegistryAccessOptions(context);
        var command = new Command("tag", "Give an image of a layout or registry more tags.") { location, tags };
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            ImageLocation place = result.GetRequiredValue(location);
            if (place is not (LayoutLocation or RegistryLocation))
            {
                throw new UsageException($"'tag' wants an image in a layout or in a registry, but '{place}' is neither.");
            }

            PlaceAccess how = access.Read(result);
            await using OpenedImage image = await OpenedImage.OpenAsync(place, how, cancellationToken);
            await using OpenedStore store = await OpenedStore.OpenAsync(place, how, create: false, cancellationToken);
            foreach (string tag in result.GetRequiredValue(tags))
            {
                if (tag.Length == 0)
                {
                    throw new UsageException("'tag' wants a tag that is not empty.");
                }

                try
                {
                    await ((IReferenceTagger)store.Store).TagAsync(image.Root, tag, cancellationToken);
                }
                catch (ArgumentException exception)
                {
                    throw new UsageException(exception.Message, exception);
                }

                context.Note(result, $"Tagged '{place.Describe(tag, image.Root.Digest)}'.");
            }

            Output.ResultWriter.WriteContent(context, result, place.ToString(), image.Root);
            return ExitCode.Done;
        });

        return command;
    }
}
