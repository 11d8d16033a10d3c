using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Images;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg check LOC</c>: reads every byte below an image.</summary>
internal static class CheckCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> location = Arguments.Location("LOC", "The image");
        var access = new RegistryAccessOptions(context);
        var command = new Command(
            "check", "Read every byte below an image, and verify digests, sizes and DiffIDs. Prints the image's digest.")
        {
            location,
        };
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            ImageLocation place = result.GetRequiredValue(location);
            await using OpenedImage image = await OpenedImage.OpenAsync(place, access.Read(result), cancellationToken);
            ProgressReporter progress = context.StartProgress(result);
            CheckReport report;
            await using (progress)
            {
                report = await ImageChecker.CheckAsync(image.Source, image.Root, progress, cancellationToken);
            }

            return Tell(context, result, place, image.Root, report);
        });

        return command;
    }

    private static int Tell(
        CommandContext context, ParseResult result, ImageLocation place, Descriptor root, CheckReport report)
    {
        foreach (CheckFault fault in report.Faults)
        {
            context.Terminal.Error.WriteLine(SafeText.OfLines(
                context.Redact($"ocimg: {fault.Error.Message}\n  where: {fault.Descriptor.Digest} ({fault.Descriptor.MediaType})")));
        }

        context.Note(
            result,
            $"Read {report.Contents} pieces of content of '{place}', {ByteSize.ToText(report.Bytes)}; " +
            (report.IsWhole ? "all are whole." : $"{report.Faults.Count} faults."));
        if (result.GetValue(context.Json))
        {
            IReadOnlyList<FaultResult> faults =
                [.. report.Faults.Select(fault => new FaultResult(fault.Descriptor.Digest.ToString(), fault.Error.Message))];
            ResultWriter.WriteJson(
                context,
                new CheckResult(place.ToString(), root.Digest.ToString(), report.IsWhole, report.Contents, report.Bytes, faults),
                ResultJsonContext.Results.CheckResult);
        }
        else if (report.IsWhole)
        {
            context.Terminal.Out.WriteLine(root.Digest);
        }

        return report.Faults.Select(fault => ErrorReport.GetExitCode(fault.Error, cancelled: false)) switch
        {
            var codes when !codes.Any() => ExitCode.Done,
            // What is missing may have been left out on purpose; what is wrong never was.
            var codes when codes.All(code => code == ExitCode.NotFound) => ExitCode.NotFound,
            _ => ExitCode.NotVerified,
        };
    }
}
