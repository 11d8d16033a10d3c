using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Content;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg inspect LOC</c>: shows what an image is.</summary>
internal static class InspectCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> location = Arguments.Location("LOC", "The image");
        var raw = new Option<bool>("--raw") { Description = "Write the bytes of the manifest or index." };
        var config = new Option<bool>("--config") { Description = "Write the bytes of the configuration." };
        var tree = new Option<bool>("--tree") { Description = "Show everything below the image." };
        Option<Platform?> platform = Arguments.Platform(
            "Of an index, show the image for this platform; --config takes this machine's by default.");
        var access = new RegistryAccessOptions(context);
        var command = new Command("inspect", "Show what an image is.") { location, raw, config, tree, platform };
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            if (new[] { raw, config, tree }.Count(result.GetValue) > 1)
            {
                throw new UsageException("'--raw', '--config' and '--tree' exclude each other.");
            }

            ImageLocation place = result.GetRequiredValue(location);
            await using OpenedImage image = await OpenedImage.OpenAsync(place, access.Read(result), cancellationToken);
            bool wantsConfig = result.GetValue(config);
            Descriptor root = await ChooseAsync(image, result.GetValue(platform), wantsConfig, cancellationToken);
            if (result.GetValue(raw))
            {
                await WriteBytesAsync(context, image.Source, root, cancellationToken);
                return ExitCode.Done;
            }

            if (wantsConfig)
            {
                OciDocument<ImageManifest> manifest = await Documents.ReadAsync<ImageManifest>(
                    image.Source, root, cancellationToken);
                await WriteBytesAsync(context, image.Source, manifest.Value.Config, cancellationToken);
                return ExitCode.Done;
            }

            if (result.GetValue(tree))
            {
                ContentNode node = await ContentTree.ReadAsync(image.Source, root, cancellationToken);
                InspectPrinter.WriteTree(context, result, node);
                return ExitCode.Done;
            }

            InspectResult summary = await ImageSummary.ReadAsync(image.Source, root, place.ToString(), cancellationToken);
            InspectPrinter.WriteSummary(context, result, summary);
            return ExitCode.Done;
        });

        return command;
    }

    private static async Task<Descriptor> ChooseAsync(
        OpenedImage image, Platform? platform, bool wantsConfig, CancellationToken cancellationToken)
    {
        Descriptor root = image.Root;
        if (!MediaTypes.IsIndex(root.MediaType) || (platform is null && !wantsConfig))
        {
            return root;
        }

        PlatformMatcher matcher = platform is null ? PlatformMatcher.Current : new PlatformMatcher(platform);
        OciDocument<ImageIndex> index = await Documents.ReadAsync<ImageIndex>(image.Source, root, cancellationToken);

        return matcher.Select(index.Value.Manifests) ?? throw new ContentNotFoundException(
            $"The index '{root.Digest}' has no image for '{matcher.Platform}'. It has: " +
            $"{string.Join(", ", index.Value.Manifests.Select(child => child.Platform).OfType<Platform>().Distinct())}.");
    }

    private static async Task WriteBytesAsync(
        CommandContext context, IContentFetcher source, Descriptor descriptor, CancellationToken cancellationToken)
    {
        await using ContentStream content = await source.OpenReadAsync(descriptor, cancellationToken);
        await OutputFile.WriteAsync(context, null, content, cancellationToken);
    }
}
