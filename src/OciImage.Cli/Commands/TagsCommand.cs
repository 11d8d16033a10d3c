using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Content;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg tags REPO</c>: lists tags.</summary>
internal static class TagsCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> repository = Arguments.Location("REPO", "The repository or layout, without a tag");
        var access = new RegistryAccessOptions(context);
        var command = new Command("tags", "List the tags of a repository or a layout, one a line.") { repository };
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            ImageLocation place = result.GetRequiredValue(repository);
            if (place.Tag is not null || place.Digest is not null)
            {
                throw new UsageException($"'tags' wants a repository or a layout, but '{place}' names one image.");
            }

            await using OpenedStore opened = await OpenedStore.OpenAsync(place, access.Read(result), create: false, cancellationToken);
            IAsyncEnumerable<string> tags = ((IReferenceLister)opened.Store).ListReferencesAsync(cancellationToken);
            if (result.GetValue(context.Json))
            {
                var all = new List<string>();
                await foreach (string tag in tags)
                {
                    all.Add(tag);
                }

                ResultWriter.WriteJson(
                    context, new TagsResult(place.ToPlaceText(), all), ResultJsonContext.Results.TagsResult);
                return ExitCode.Done;
            }

            await foreach (string tag in tags)
            {
                context.Terminal.Out.WriteLine(SafeText.Of(tag));
            }

            return ExitCode.Done;
        });

        return command;
    }
}
