using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Layout;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg label LOC KEY=VALUE…</c>: shows and changes the labels of a name.</summary>
internal static class LabelCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> location = Arguments.Layout("LOC", "The name in a layout");
        var changes = new Argument<string[]>("CHANGE")
        {
            Description = "KEY=VALUE sets a label, KEY- removes it.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command(
            "label", "Change labels of a name in a layout, and list all that it has. They are not part of the image.")
        {
            location, changes,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            var place = (LayoutLocation)result.GetRequiredValue(location);
            if (place is not { Tag: { } tag, Digest: null })
            {
                throw new UsageException($"'label' wants a name spelled out and no digest, but got '{place}'.");
            }

            OciLayout layout = await LayoutAccess.OpenAsync(context, result, place.Directory, cancellationToken);
            await SetAsync(layout, tag, Parse(result.GetValue(changes) ?? []), cancellationToken);
            IReadOnlyDictionary<string, string> labels = await FindAsync(layout, tag, cancellationToken);
            if (result.GetValue(context.Json))
            {
                ResultWriter.WriteJson(
                    context, new LabelsResult(place.ToString(), labels), ResultJsonContext.Results.LabelsResult);
                return ExitCode.Done;
            }

            foreach ((string key, string value) in labels.OrderBy(label => label.Key, StringComparer.Ordinal))
            {
                context.Terminal.Out.WriteLine(SafeText.Of($"{key}={value}"));
            }

            return ExitCode.Done;
        });

        return command;
    }

    private static async Task SetAsync(
        OciLayout layout, string tag, Dictionary<string, string?> changes, CancellationToken cancellationToken)
    {
        if (changes.Count == 0)
        {
            return;
        }

        try
        {
            await layout.SetLabelsAsync(tag, changes, cancellationToken);
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception.Message, exception);
        }
    }

    private static async Task<IReadOnlyDictionary<string, string>> FindAsync(
        OciLayout layout, string tag, CancellationToken cancellationToken)
    {
        await foreach (LayoutRoot root in layout.ListRootsAsync(cancellationToken: cancellationToken))
        {
            if (root.Name == tag)
            {
                return root.Labels;
            }
        }

        throw new ContentNotFoundException($"'{layout.DirectoryPath}' has no name '{tag}' in the namespace '{layout.Namespace}'.");
    }

    private static Dictionary<string, string?> Parse(string[] changes)
    {
        var parsed = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (string change in changes)
        {
            int equals = change.IndexOf('=', StringComparison.Ordinal);
            bool isRemoval = equals < 0 && change.EndsWith('-');
            if (equals == 0 || (equals < 0 && !(isRemoval && change.Length > 1)))
            {
                throw new UsageException($"'label' wants KEY=VALUE or KEY-, but got '{change}'.");
            }

            parsed[isRemoval ? change[..^1] : change[..equals]] = isRemoval ? null : change[(equals + 1)..];
        }

        return parsed;
    }
}
