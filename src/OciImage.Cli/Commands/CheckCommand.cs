using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Content;
using OciImage.Images;
using OciImage.Layout;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg check LOC</c>: reads every byte below an image, or of a layout, and repairs what is damaged.</summary>
internal static class CheckCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> location = Arguments.Location("LOC", "The image, or a layout (oci:DIR) with all that it has");
        var repair = new Option<bool>("--repair")
        {
            Description = "Move damaged content of a layout away, and fetch it, and what is missing, from the places of --from.",
        };
        Option<ImageLocation[]> from = Arguments.Sources("--from", "Where --repair finds content; several are tried in turn");
        var allBlobs = new Option<bool>("--all-blobs")
        {
            Description = "Read also the blobs of the layout that nothing names.",
        };
        var jobs = new Option<int?>("--jobs", "-j") { Description = "How many blobs are read at the same time.", HelpName = "N" };
        jobs.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1)
            {
                result.AddError("'--jobs' is at least 1.");
            }
        });
        var access = new RegistryAccessOptions(context);
        var command = new Command(
            "check", "Read every byte below an image, and verify digests, sizes and DiffIDs. Prints the image's digest.")
        {
            location, repair, from, allBlobs, jobs,
        };
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            ImageLocation place = result.GetRequiredValue(location);
            PlaceAccess how = access.Read(result);
            var options = new CheckOptions();
            options.MaxConcurrency = result.GetValue(jobs) ?? options.MaxConcurrency;
            ImageLocation[] sources = result.GetValue(from) ?? [];
            if (sources.Length > 0 && !result.GetValue(repair))
            {
                throw new UsageException("'--from' says where '--repair' finds content, and means nothing without it.");
            }

            await using var subject = await CheckSubject.OpenAsync(place, how, result.GetValue(allBlobs), cancellationToken);
            if (!result.GetValue(repair))
            {
                ProgressReporter progress = context.StartProgress(result);
                await using (progress)
                {
                    CheckReport report = await ImageChecker.CheckAsync(
                        subject.Source, subject.All, options, progress, cancellationToken);
                    await progress.DisposeAsync();

                    return Tell(context, result, place, subject.Roots, report, null);
                }
            }

            if (subject.Source is not IContentRepairer)
            {
                throw new UsageException($"Only a layout can be repaired, but '{place}' is none.");
            }

            RepairReport repaired = await RepairAsync(context, result, subject, sources, how, options, cancellationToken);
            return Tell(context, result, place, subject.Roots, repaired.Check, repaired.Results);
        });

        return command;
    }

    private static async Task<RepairReport> RepairAsync(
        CommandContext context,
        ParseResult result,
        CheckSubject subject,
        IReadOnlyList<ImageLocation> places,
        PlaceAccess access,
        CheckOptions options,
        CancellationToken cancellationToken)
    {
        var opened = new List<IAsyncDisposable>();
        try
        {
            var sources = new List<IContentFetcher>();
            foreach (ImageLocation place in places)
            {
                if (place is LayoutLocation or RegistryLocation)
                {
                    OpenedStore store = await OpenedStore.OpenAsync(place, access, create: false, cancellationToken);
                    opened.Add(store);
                    sources.Add(store.Store);
                }
                else
                {
                    OpenedImage image = await OpenedImage.OpenAsync(place, access, cancellationToken);
                    opened.Add(image);
                    sources.Add(image.Source);
                }
            }

            ProgressReporter progress = context.StartProgress(result);
            await using (progress)
            {
                return await ImageChecker.RepairAsync(
                    subject.Source, subject.All, sources, options, progress, cancellationToken);
            }
        }
        finally
        {
            foreach (IAsyncDisposable one in opened)
            {
                await one.DisposeAsync();
            }
        }
    }

    private static int Tell(
        CommandContext context,
        ParseResult result,
        ImageLocation place,
        IReadOnlyList<Descriptor> roots,
        CheckReport report,
        IReadOnlyList<RepairResult>? repairs)
    {
        foreach (RepairResult repair in repairs ?? [])
        {
            context.Note(result, Describe(repair));
        }

        foreach (CheckFault fault in report.Faults)
        {
            context.Terminal.Error.WriteLine(SafeText.OfLines(
                context.Redact($"ocimg: {fault.Error.Message}\n  where: {fault.Descriptor.Digest} ({fault.Descriptor.MediaType})")));
        }

        context.Note(
            result,
            $"Read {report.Contents} pieces of content of '{place}', {ByteSize.ToText(report.Bytes)}; " +
            (report.IsWhole ? "all are whole." : $"{report.Faults.Count} faults{(report.IsTruncated ? ", and more that are not told" : "")}."));
        if (result.GetValue(context.Json))
        {
            ResultWriter.WriteJson(context, ToResult(place, roots, report, repairs), ResultJsonContext.Results.CheckResult);
        }
        else if (report.IsWhole)
        {
            foreach (Descriptor root in roots.DistinctBy(root => root.Digest))
            {
                context.Terminal.Out.WriteLine(root.Digest);
            }
        }

        return report.Faults.Select(fault => ErrorReport.GetExitCode(fault.Error, cancelled: false)) switch
        {
            var codes when !codes.Any() => ExitCode.Done,
            // What is missing may have been left out on purpose; what is wrong never was.
            var codes when codes.All(code => code == ExitCode.NotFound) => ExitCode.NotFound,
            _ => ExitCode.NotVerified,
        };
    }

    private static string Describe(RepairResult repair)
    {
        string moved = repair.QuarantinedAs is null ? "" : $" The damaged bytes are '{repair.QuarantinedAs}'.";
        return repair.Outcome switch
        {
            RepairOutcome.Repaired => $"Repaired {repair.Descriptor.Digest}.{moved}",
            RepairOutcome.Missing =>
                $"Found no source of {repair.Descriptor.Digest}{(repair.Error is null ? "" : $": {repair.Error.Message.TrimEnd('.')}")}.{moved}",
            _ => $"Left {repair.Descriptor.Digest} as it is: it has its digest.",
        };
    }

    private static CheckResult ToResult(
        ImageLocation place, IReadOnlyList<Descriptor> roots, CheckReport report, IReadOnlyList<RepairResult>? repairs) => new(
            place.ToString(),
            roots.Count == 1 ? roots[0].Digest.ToString() : null,
            report.IsWhole,
            report.Contents,
            report.Bytes,
            [.. report.Faults.Select(fault => new FaultResult(fault.Descriptor.Digest.ToString(), fault.Error.Message))],
            report.IsTruncated,
            repairs is null
                ? null
                :
                [
                    .. repairs.Select(repair => new RepairedResult(
                        repair.Descriptor.Digest.ToString(),
                        repair.Outcome.ToString().ToLowerInvariant(),
                        repair.QuarantinedAs,
                        repair.Error?.Message)),
                ]);
}
