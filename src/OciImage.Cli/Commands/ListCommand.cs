using System.CommandLine;
using System.Text;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Content;
using OciImage.Layout;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg ls DIR</c>: lists what a layout has names for.</summary>
internal static class ListCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> directory = Arguments.Layout("DIR", "The layout");
        var all = new Option<bool>("--all-namespaces", "-A") { Description = "List the roots of all namespaces." };
        var isLong = new Option<bool>("--long", "-l")
        {
            Description = "Show sizes and ages as well, for which each image's documents are read.",
        };
        var command = new Command("ls", "List the roots of a layout: names, digests and types.") { directory, all, isLong };
        command.SetAction(async (result, cancellationToken) =>
        {
            OciLayout layout = await LayoutAccess.OpenAsync(context, result, directory, cancellationToken);
            var roots = new List<RootResult>();
            await foreach (LayoutRoot root in layout.ListRootsAsync(result.GetValue(all), cancellationToken))
            {
                roots.Add(await DescribeAsync(layout, root, result.GetValue(isLong), cancellationToken));
            }

            if (result.GetValue(context.Json))
            {
                ResultWriter.WriteJson(
                    context, new RootsResult(layout.DirectoryPath, roots), ResultJsonContext.Results.RootsResult);
            }
            else
            {
                Write(context, roots, result.GetValue(all), result.GetValue(isLong));
            }

            return ExitCode.Done;
        });

        return command;
    }

    private static void Write(CommandContext context, List<RootResult> roots, bool all, bool isLong)
    {
        DateTimeOffset now = context.Terminal.Time.GetUtcNow();
        var rows = new List<string[]>();
        foreach (RootResult root in roots)
        {
            var row = new List<string> { root.Name ?? "-", root.Digest };
            if (all)
            {
                row.Insert(0, root.Namespace);
            }

            if (isLong)
            {
                row.Add(root.ImageSize is { } size ? ByteSize.ToText(size) : "-");
                row.Add(root.Created is { } created ? Durations.ToText(now - created) : "-");
            }

            row.Add(root.MediaType);
            rows.Add([.. row.Select(SafeText.Of)]);
        }

        if (rows.Count == 0)
        {
            return;
        }

        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];

        // In one piece: the console writes each line by itself, which is much of the time for many of them.
        var text = new StringBuilder();
        foreach (string[] row in rows)
        {
            text.AppendLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }

        context.Terminal.Out.Write(text);
    }

    private static async Task<RootResult> DescribeAsync(
        OciLayout layout, LayoutRoot root, bool isLong, CancellationToken cancellationToken)
    {
        var (size, created) = isLong ? await MeasureAsync(layout, root.Descriptor, cancellationToken) : (null, null);
        return new RootResult(
            root.Namespace, root.Name, root.Descriptor.Digest.ToString(), root.Descriptor.MediaType, root.Descriptor.Size,
            size, created, root.Labels.Count == 0 ? null : root.Labels);
    }

    // Each piece of content counts once, whether it is here or not. What is damaged or missing has no size and no age.
    private static async Task<(long? Size, DateTimeOffset? Created)> MeasureAsync(
        OciLayout layout, Descriptor root, CancellationToken cancellationToken)
    {
        try
        {
            long size = 0;
            Descriptor? config = null;
            await foreach (Descriptor content in ContentCopy.WalkAsync(layout, root, cancellationToken: cancellationToken))
            {
                size += content.Size;
                config ??= MediaTypes.IsImageConfig(content.MediaType) ? content : null;
            }

            if (config is null)
            {
                return (size, null);
            }

            await using ContentStream stream = await layout.OpenReadAsync(config, cancellationToken);
            byte[] bytes = await stream.ReadToEndAsync(DocumentOptions.DefaultMaxSize, cancellationToken);
            return (size, OciDocument<ImageConfig>.Parse(bytes, config.MediaType).Value.Created);
        }
        catch (OciException)
        {
            return (null, null);
        }
    }
}
