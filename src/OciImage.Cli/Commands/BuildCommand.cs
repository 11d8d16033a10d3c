using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg build DST</c>: an image from a base, or from nothing, and files.</summary>
internal static class BuildCommand
{
    private const string Scratch = "scratch";

    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> destination = Arguments.Destination("DST", "Where the image goes");
        var from = new Option<BaseImage>("--from")
        {
            Description = "The base: a location, or 'scratch' for nothing.",
            HelpName = "LOC|scratch",
            Required = true,
            CustomParser = ParseBase,
        };
        var add = new Option<string[]>("--add")
        {
            Description = "Add a file or a directory of this machine at an absolute path. All become one layer.",
            HelpName = "SRC:DEST",
        };
        Option<Platform?> platform = Arguments.Platform(
            "The platform of the image; of the base the same one is taken. This machine's by default.");
        var created = new Option<string?>("--created")
        {
            Description = "The time of the image, and the latest of its files: RFC 3339, 'now' or seconds since 1970. " +
                "SOURCE_DATE_EPOCH by default, else 1970-01-01T00:00:00Z.",
            HelpName = "TIME",
        };
        var settings = new ContainerSettings();
        var access = new RegistryAccessOptions(context);
        var command = new Command("build", "Build an image from a base and files. Prints its digest.")
        {
            destination, from, add, platform, created,
        };
        settings.AddTo(command);
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            ImageLocation place = result.GetRequiredValue(destination);
            if (place.Digest is not null)
            {
                throw new UsageException($"A destination is named by a tag, not by a digest, but '{place}' has one.");
            }

            ImageLocation? origin = result.GetRequiredValue(from).Location;
            access.RefuseForTwo(result, place, origin, "Give '--authfile' instead.");
            var build = new ImageBuild(place, access.Read(result))
            {
                Base = origin,
                Inputs = [.. (result.GetValue(add) ?? []).Select(AddedPath.Parse)],
                Platform = result.GetValue(platform),
                Created = CreationTime.Parse(result.GetValue(created), context.Terminal),
                Configure = settings.Read(result),
            };
            Descriptor image = await build.RunAsync(cancellationToken);
            context.Note(result, $"Built '{place.Describe(place.Tag, image.Digest)}'.");
            ResultWriter.WriteContent(context, result, place.Describe(place.Tag, image.Digest), image);

            return ExitCode.Done;
        });

        return command;
    }

    private static BaseImage ParseBase(System.CommandLine.Parsing.ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        try
        {
            return new BaseImage(text == Scratch
                ? null
                : ImageLocation.Parse(text, result.GetResult(CommandContext.NamespaceName) is not null));
        }
        catch (UsageException exception)
        {
            result.AddError(exception.Message);
            return new BaseImage(null);
        }
    }

    private sealed record BaseImage(ImageLocation? Location);
}
