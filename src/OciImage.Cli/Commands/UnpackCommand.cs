using System.CommandLine;
using OciImage.Bundles;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Images;
using OciImage.Layers;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg unpack LOC DIR</c>: writes the root filesystem of an image, or a bundle around it.</summary>
internal static class UnpackCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> location = Arguments.Location("LOC", "The image");
        var directory = new Argument<string>("DIR")
        {
            Description = "The new root filesystem or bundle; must be absent or empty, and appears only when all was verified.",
        };
        Option<Platform?> platform = Arguments.Platform("The platform wanted, this machine's by default.");
        var force = new Option<bool>("--force") { Description = "Replace DIR when it is not empty." };
        var overlay = new Option<bool>("--overlay")
        {
            Description = "Write a directory for each layer instead, DIR/0 for the base, and name the options that mount them.",
        };
        var settings = new BundleSettings();
        var unpacking = new UnpackSettings();
        var access = new RegistryAccessOptions(context);
        var command = new Command(
            "unpack", "Write the root filesystem of an image, or a bundle to run it. Prints the digest of its manifest.")
        {
            location, directory, platform, force, overlay,
        };
        unpacking.AddTo(command);
        settings.AddTo(command);
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            ImageLocation place = result.GetRequiredValue(location);
            string target = result.GetRequiredValue(directory);
            UnpackOptions options = unpacking.Read(result);
            options.Force = result.GetValue(force);
            RuntimeBundleOptions? bundle = settings.Read(result, options);
            if (bundle is not null && result.GetValue(overlay))
            {
                throw new UsageException("A bundle has one tree: '--overlay' does not go with '--bundle'.");
            }

            await using OpenedImage opened = await OpenedImage.OpenAsync(place, access.Read(result), cancellationToken);
            ContainerImage image = await ContainerImage.OpenAsync(
                opened.Source, opened.Root, result.GetValue(platform), cancellationToken);
            ProgressReporter progress = context.StartProgress(result);
            UnpackReport report;
            OverlayTree? layers = null;
            await using (progress)
            {
                options.Progress = progress;
                if (result.GetValue(overlay))
                {
                    layers = await image.UnpackOverlayAsync(target, options, cancellationToken: cancellationToken);
                    report = layers.Report;
                }
                else
                {
                    report = bundle is null
                        ? await image.UnpackAsync(target, options, cancellationToken)
                        : (await RuntimeBundle.WriteAsync(image, target, bundle, cancellationToken)).Unpacked;
                }
            }

            foreach (LayerRemark remark in report.Remarks)
            {
                context.Note(result, remark.Message);
            }

            context.Note(
                result, $"Unpacked '{place}' to '{target}': {report.Entries} entries, {ByteSize.ToText(report.Bytes)}.");
            if (layers is not null)
            {
                context.Note(result, $"Mount with: mount -t overlay overlay -o '{layers.MountOptions}' POINT");
            }

            Descriptor manifest = image.Manifest.Descriptor;
            if (!result.GetValue(context.Json))
            {
                context.Terminal.Out.WriteLine(manifest.Digest);
                return ExitCode.Done;
            }

            ResultWriter.WriteJson(
                context,
                new UnpackResult(
                    place.ToString(), manifest.Digest.ToString(), target, report.Entries, report.Bytes,
                    [.. report.Remarks.Select(remark => remark.Message)],
                    bundle is null ? null : Path.Combine(target, "config.json"),
                    layers?.LowerDirectories,
                    layers?.MountOptions),
                ResultJsonContext.Results.UnpackResult);
            return ExitCode.Done;
        });

        return command;
    }
}
