using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Layout;

namespace OciImage.Cli.Commands;

/// <summary>Opens the layout that a command about a whole layout names.</summary>
internal static class LayoutAccess
{
    public static async Task<OciLayout> OpenAsync(
        CommandContext context, ParseResult result, Argument<ImageLocation> argument, CancellationToken cancellationToken)
    {
        var place = (LayoutLocation)result.GetRequiredValue(argument);
        if (place.Tag is not null || place.Digest is not null)
        {
            throw new UsageException($"'{result.CommandResult.Command.Name}' wants a layout, but '{place}' names one image.");
        }

        place.RefuseFile();
        return await OpenAsync(context, result, place.Directory, cancellationToken);
    }

    /// <summary>Opens a layout in the namespace of the command line.</summary>
    public static async Task<OciLayout> OpenAsync(
        CommandContext context, ParseResult result, string directory, CancellationToken cancellationToken) =>
        await OciLayout.OpenAsync(
            directory,
            new OciLayoutOptions
            {
                Namespace = result.GetValue(context.Namespace) ?? OciLayoutOptions.DefaultNamespace,
                TimeProvider = context.Terminal.Time,
            },
            cancellationToken);
}
