using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Layers;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg flatten LOC -o FILE|-</c>: the root filesystem of an image as one tar archive.</summary>
internal static class FlattenCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> location = Arguments.Location("LOC", "The image");
        var output = new Option<string>("--output", "-o")
        {
            Description = "The archive, which appears when it is complete; '-' is the standard output.",
            HelpName = "FILE|-",
            Required = true,
        };
        Option<Platform?> platform = Arguments.Platform("The platform wanted, this machine's by default.");
        var windowsFiles = new Option<bool>("--windows-files") { Description = "Take the files of a Windows image." };
        var access = new RegistryAccessOptions(context);
        var command = new Command("flatten", "Write the root filesystem of an image as one uncompressed tar archive, the same bytes everywhere.")
        {
            location, output, platform, windowsFiles,
        };
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            ImageLocation place = result.GetRequiredValue(location);
            string file = result.GetRequiredValue(output);
            if (file == "-" && result.GetValue(context.Json))
            {
                throw new UsageException("'--json' needs a file: the standard output has the archive.");
            }

            await using ImageTree tree = await ImageTree.OpenAsync(
                context, result, place, access.Read(result), result.GetValue(platform), result.GetValue(windowsFiles), cancellationToken);
            foreach (LayerRemark remark in tree.Files.Remarks)
            {
                context.Note(result, remark.Message);
            }

            FlattenedArchive? written = null;
            await OutputFile.WriteAsync(
                context, file, async target => written = await tree.Files.WriteArchiveAsync(target, cancellationToken));
            context.Note(result, $"Wrote {written!.Entries} entries, {ByteSize.ToText(written.Bytes)}.");
            if (file != "-" && result.GetValue(context.Json))
            {
                ResultWriter.WriteJson(
                    context,
                    new FlattenResult(
                        place.ToString(), tree.Image.Manifest.Descriptor.Digest.ToString(), file, written.DiffId.ToString(),
                        written.Entries, written.Bytes),
                    ResultJsonContext.Results.FlattenResult);
            }
            else if (file != "-")
            {
                context.Terminal.Out.WriteLine(written.DiffId);
            }

            return ExitCode.Done;
        });

        return command;
    }
}
