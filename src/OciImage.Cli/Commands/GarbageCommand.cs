using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Layout;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg gc DIR</c>: removes what nothing keeps.</summary>
internal static class GarbageCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> directory = Arguments.Layout("DIR", "The layout");
        var dryRun = new Option<bool>("--dry-run") { Description = "Only tell what would be removed." };
        Option<TimeSpan> grace = Durations.Option(
            "--grace", "Leave alone what was written or used within this time: 90s, 30m, 24h, 7d or 0.", TimeSpan.FromDays(1));
        var prune = new Option<bool>("--prune-untagged")
        {
            Description = "Take away what the namespace lists without a name, except referrers of what stays.",
        };
        var all = new Option<bool>("--all-namespaces", "-A") { Description = "With --prune-untagged: in all namespaces." };
        var ignoreDamage = new Option<bool>("--ignore-damage")
        {
            Description = "Go on although a manifest or an index is damaged, and let go of what it referred to.",
        };
        var command = new Command(
            "gc", "Remove content that no tag, lease or untagged entry of any namespace reaches. Prints what was removed.")
        {
            directory, dryRun, grace, prune, all, ignoreDamage,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            if (result.GetValue(all) && !result.GetValue(prune))
            {
                throw new UsageException("'--all-namespaces' needs '--prune-untagged'; what is removed is what no namespace keeps.");
            }

            OciLayout layout = await LayoutAccess.OpenAsync(context, result, directory, cancellationToken);
            CollectionReport report = await layout.CollectAsync(
                new CollectionOptions
                {
                    DryRun = result.GetValue(dryRun),
                    GracePeriod = result.GetValue(grace),
                    IgnoreDamage = result.GetValue(ignoreDamage),
                    PruneUntagged = !result.GetValue(prune) ? PruneScope.None
                        : result.GetValue(all) ? PruneScope.AllNamespaces : PruneScope.OwnNamespace,
                    Progress = context.StartCollection(result),
                },
                cancellationToken);
            return Tell(context, result, layout, report);
        });

        return command;
    }

    private static int Tell(CommandContext context, ParseResult result, OciLayout layout, CollectionReport report)
    {
        if (result.GetValue(context.Json))
        {
            ResultWriter.WriteJson(
                context,
                new GarbageResult(
                    layout.DirectoryPath, report.IsDryRun, report.IsStopped, ToText(report.Removed), report.RemovedBytes,
                    report.Kept, report.KeptBytes, report.Recent, report.RecentBytes, ToText(report.Missing),
                    ToText(report.Damaged), ToText(report.Refused), report.Others, report.PrunedEntries,
                    report.EndedLeases, report.Holds, report.UnfinishedBytes),
                ResultJsonContext.Results.GarbageResult);
        }
        else
        {
            // In one piece: the console writes each line by itself.
            context.Terminal.Out.Write(string.Concat(report.Removed.Select(digest => digest + Environment.NewLine)));
        }

        foreach (Digest digest in report.Damaged)
        {
            context.Terminal.Error.WriteLine($"ocimg: the document '{digest}' is damaged.");
        }

        foreach (Digest digest in report.Refused)
        {
            context.Terminal.Error.WriteLine($"ocimg: '{digest}' cannot be removed.");
        }

        if (report.IsStopped)
        {
            context.Terminal.Error.WriteLine(
                "ocimg: nothing was removed, since nobody knows what a damaged document referred to.\n" +
                "  do: 'ocimg check --repair', remove the tags that lead there, or give '--ignore-damage'.");
            return ExitCode.NotVerified;
        }

        string verb = report.IsDryRun ? "Would remove" : "Removed";
        context.Note(
            result,
            $"{verb} {report.Removed.Count} blobs, {ByteSize.ToText(report.RemovedBytes)}" +
            (report.UnfinishedBytes > 0 ? $", and {ByteSize.ToText(report.UnfinishedBytes)} of unfinished content" : "") +
            $"; kept {report.Kept}, {ByteSize.ToText(report.KeptBytes)}, " +
            $"and {report.Recent} that nothing names but are young or held, {ByteSize.ToText(report.RecentBytes)}" +
            (report.Missing.Count > 0 ? $"; {report.Missing.Count} are missing" : "") +
            (report.Others.Count > 0 ? $"; {report.Others.Count} files there are no blobs, and stay" : "") +
            (report.PrunedEntries > 0 ? $"; {report.PrunedEntries} untagged entries went" : "") +
            (report.EndedLeases > 0 ? $"; {report.EndedLeases} leases had ended" : "") + ".");
        return report.Refused.Count > 0 ? ExitCode.PartlyDone : ExitCode.Done;
    }

    private static IReadOnlyList<string> ToText(IReadOnlyList<Digest> digests) => [.. digests.Select(digest => digest.ToString())];
}
