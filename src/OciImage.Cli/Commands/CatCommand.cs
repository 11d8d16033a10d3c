using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Layers;
using OciImage.Tar;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg cat LOC PATH</c>: the content of a file in an image.</summary>
internal static class CatCommand
{
    private const int BufferSize = 128 * 1024;

    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> location = Arguments.Location("LOC", "The image");
        var path = new Argument<string>("PATH") { Description = "The file; links are followed inside the image." };
        Option<Platform?> platform = Arguments.Platform("The platform wanted, this machine's by default.");
        Option<string?> output = Arguments.OutputFile();
        var windowsFiles = new Option<bool>("--windows-files") { Description = "Look at the files of a Windows image." };
        var access = new RegistryAccessOptions(context);
        var command = new Command("cat", "Write the content of a file in an image, without unpacking it.")
        {
            location, path, platform, output, windowsFiles,
        };
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            await using ImageTree tree = await ImageTree.OpenAsync(
                context, result, result.GetRequiredValue(location), access.Read(result), result.GetValue(platform),
                result.GetValue(windowsFiles), cancellationToken);
            ImageFile file = tree.Find(result.GetRequiredValue(path));
            if (file.Type != TarEntryType.RegularFile)
            {
                throw new UsageException($"'{SafeText.Of(file.DisplayPath)}' is no regular file.");
            }

            await using Stream content = await tree.Files.OpenReadAsync(file, cancellationToken);
            await OutputFile.WriteAsync(
                context, result.GetValue(output), target => content.CopyToAsync(target, BufferSize, cancellationToken));

            return ExitCode.Done;
        });

        return command;
    }
}
