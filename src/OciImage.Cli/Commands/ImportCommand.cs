using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Content;
using OciImage.Layout;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg import FILE DIR</c>: puts all images of an archive into a layout.</summary>
internal static class ImportCommand
{
    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("FILE")
        {
            Description = "The archive: of OCI, of Docker or both, compressed or not; '-' for the standard input.",
        };
        Argument<ImageLocation> layout = Arguments.Layout("DIR", "The layout, made where it is missing, without a tag");
        var baseName = new Option<string?>("--base-name")
        {
            Description = "The repository of images that the archive only gives a tag.",
            HelpName = "REPO",
        };
        var command = new Command(
            "import", "Put all images of an archive into an OCI layout, with their names and what refers to them. Prints their digests.")
        {
            file, layout, baseName,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            ImageLocation place = result.GetRequiredValue(layout);
            if (place.Tag is not null || place.Digest is not null)
            {
                throw new UsageException($"'import' takes the names from the archive, but '{place}' has one. Use 'ocimg copy' for one image.");
            }

            PlaceAccess access = new(false, false, null, null) { Namespace = result.GetValue(context.Namespace) };
            string path = ReadPath(result.GetRequiredValue(file));
            ProgressReporter progress = context.StartProgress(result);
            var leftOut = new LeftOutProgress(progress);
            var imported = new List<(string? Name, Descriptor Root)>();
            await using (progress)
            {
                await using ImageArchive archive = path == "-"
                    ? await ImageArchive.OpenAsync(context.Terminal.OpenInput(), cancellationToken: cancellationToken)
                    : await ImageArchive.OpenAsync(path, cancellationToken: cancellationToken);
                IReadOnlyList<Descriptor> roots = await archive.ReadRootsAsync(cancellationToken);
                IReadOnlyList<string?> names = ImportNames.Choose(roots, result.GetValue(baseName), access.Namespace is not null);
                await using OpenedStore target = await OpenedStore.OpenAsync(place, access, create: true, cancellationToken);
                var options = new CopyOptions { Sparse = true, Progress = leftOut };
                for (int i = 0; i < roots.Count; i++)
                {
                    Descriptor root = roots[i].ToContentDescriptor() with { Platform = roots[i].Platform };
                    Descriptor copied = await ContentCopy.CopyGraphAsync(
                        archive, target.Store, root, names[i], options, cancellationToken);
                    await target.CompleteAsync(copied, names[i], cancellationToken);
                    imported.Add((names[i], copied));
                }
            }

            leftOut.Note(context, result);
            foreach ((string? name, Descriptor root) in imported)
            {
                string described = place.Describe(name, root.Digest);
                context.Note(result, $"Imported '{described}'.");
                ResultWriter.WriteContent(context, result, described, root);
            }

            return ExitCode.Done;
        });

        return command;
    }

    // The file alone, or written as a place is.
    private static string ReadPath(string text)
    {
        bool isOci = text.StartsWith(ArchiveLocation.OciPrefix, StringComparison.Ordinal);
        if (!isOci && !text.StartsWith(ArchiveLocation.DockerPrefix, StringComparison.Ordinal))
        {
            return text;
        }

        var place = (ArchiveLocation)ImageLocation.Parse(text);
        return place is { Name: null, Digest: null, Number: null }
            ? place.Path
            : throw new UsageException($"'import' takes all images of an archive, but '{text}' names one. Use 'ocimg copy' for one image.");
    }
}
