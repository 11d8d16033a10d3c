using System.CommandLine;
using System.CommandLine.Parsing;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Compression;
using OciImage.Content;
using OciImage.Layout;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg export SRC… -o FILE</c>: writes images into one archive.</summary>
internal static class ExportCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation[]> sources = Arguments.Locations("SRC", "The images; of a layout or archive without a name, all of it");
        var output = new Option<string>("--output", "-o")
        {
            Description = "The archive, which appears when it is complete; '-' for the standard output.",
            HelpName = "FILE",
            Required = true,
        };
        var names = new Option<string[]>("--name")
        {
            Description = "The name of an image in the archive, such as docker.io/library/alpine:3; one for each SRC.",
            HelpName = "NAME",
        };
        var format = new Option<ImageArchiveFormat>("--format")
        {
            Description = "hybrid (for everyone), oci (a layout alone) or docker (what old tools read).",
            HelpName = "FORMAT",
            CustomParser = result => ParseName<ImageArchiveFormat>(result, "--format", "hybrid, oci or docker"),
        };
        var compression = new Option<CompressionFormat>("--compress")
        {
            Description = "Compress the archive: gzip or zstd. It can then not be read in place.",
            HelpName = "FORMAT",
            CustomParser = result => ParseName<CompressionFormat>(result, "--compress", "none, gzip or zstd"),
        };
        Option<Platform[]> platforms = Arguments.Platforms("Export this platform only; several make an index of these.");
        var referrers = new Option<bool>("--referrers")
        {
            Description = "Export signatures, SBOMs and whatever else refers to the images.",
        };
        var access = new RegistryAccessOptions(context);
        var command = new Command(
            "export", "Write images into one archive for 'docker load', 'podman load' and 'ctr images import'. Prints their digests.")
        {
            sources, output, names, format, compression, platforms, referrers,
        };
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            ImageLocation[] places = result.GetRequiredValue(sources);
            string[] wanted = result.GetValue(names) ?? [];
            if (wanted.Length > 0 && wanted.Length != places.Length)
            {
                throw new UsageException($"There are {places.Length} images and {wanted.Length} names; give '--name' once for each.");
            }

            Platform[] only = result.GetValue(platforms) ?? [];
            string path = result.GetRequiredValue(output);
            if (new[] { ArchiveLocation.OciPrefix, ArchiveLocation.DockerPrefix }
                .Any(prefix => path.StartsWith(prefix, StringComparison.Ordinal)))
            {
                throw new UsageException($"'--output' wants the file alone, not '{path}'; '--format' says what is written into it.");
            }

            ProgressReporter progress = context.StartProgress(result);
            var leftOut = new LeftOutProgress(progress);
            IReadOnlyList<(string Name, Descriptor Root)> exported;
            await using (progress)
            {
                await using ImageArchiveWriter writer = Open(context, path, new ImageArchiveWriterOptions
                {
                    Format = result.GetValue(format),
                    Compression = result.GetValue(compression),
                    DockerPlatform = only is [var one] ? one : null,
                });
                var export = new ArchiveExport(writer, access.Read(result), new CopyOptions
                {
                    MaxConcurrency = 1,
                    Platforms = only,
                    // A sparse index of a layout is exported as it is.
                    Sparse = only.Length == 0,
                    IncludeReferrers = result.GetValue(referrers),
                    Progress = leftOut,
                });
                for (int i = 0; i < places.Length; i++)
                {
                    await export.AddAsync(places[i], wanted.ElementAtOrDefault(i), cancellationToken);
                }

                await writer.CompleteAsync(cancellationToken);
                exported = export.Images;
            }

            leftOut.Note(context, result);
            foreach ((string name, Descriptor root) in exported)
            {
                context.Note(result, $"Exported '{name}' to '{path}'.");
                if (path != "-")
                {
                    ResultWriter.WriteContent(context, result, name, root);
                }
            }

            return ExitCode.Done;
        });

        return command;
    }

    private static ImageArchiveWriter Open(CommandContext context, string path, ImageArchiveWriterOptions options) => path == "-"
        ? new ImageArchiveWriter(context.Terminal.OpenOutput(), options)
        : ImageArchiveWriter.Create(path, options);

    private static T ParseName<T>(ArgumentResult result, string option, string names)
        where T : struct, Enum
    {
        string text = result.Tokens[0].Value;
        if (!char.IsAsciiDigit(text.FirstOrDefault()) && Enum.TryParse(text, ignoreCase: true, out T value) && Enum.IsDefined(value) &&
            value is not (CompressionFormat.Xz or CompressionFormat.Bzip2))
        {
            return value;
        }

        result.AddError($"'{option}' is {names}, not '{text}'.");
        return default;
    }
}
