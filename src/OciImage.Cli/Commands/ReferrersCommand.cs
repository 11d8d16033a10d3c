using System.CommandLine;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Content;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg referrers LOC</c>: lists what refers to an image.</summary>
internal static class ReferrersCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> location = Arguments.Location("LOC", "The image");
        var artifactType = new Option<string?>("--artifact-type")
        {
            Description = "List only what has this artifact type.",
            HelpName = "TYPE",
        };
        var access = new RegistryAccessOptions(context);
        var command = new Command(
            "referrers", "List what refers to an image: signatures, SBOMs and the like, a digest and a type a line.")
        {
            location, artifactType,
        };
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            ImageLocation place = result.GetRequiredValue(location);
            PlaceAccess registries = access.Read(result);

            // What is named by its digest need not be there: its referrers may outlive it, or come before it.
            await using OpenedImage? image = place.Digest is null
                ? await OpenedImage.OpenAsync(place, registries, cancellationToken)
                : null;
            await using OpenedStore? store = image is null
                ? await OpenedStore.OpenAsync(place, registries, create: false, cancellationToken)
                : null;
            Descriptor subject = image?.Root ??
                new Descriptor { MediaType = MediaTypes.ImageManifest, Digest = place.Digest!.Value, Size = 0 };
            IAsyncEnumerable<Descriptor> referrers = ((IReferrerSource)(image?.Source ?? store!.Store)).ListReferrersAsync(
                subject, result.GetValue(artifactType), cancellationToken);
            if (result.GetValue(context.Json))
            {
                var all = new List<ContentNode>();
                await foreach (Descriptor referrer in referrers)
                {
                    all.Add(ContentTree.ToNode(referrer));
                }

                ResultWriter.WriteJson(
                    context,
                    new ReferrersResult(place.ToString(), subject.Digest.ToString(), all),
                    ResultJsonContext.Results.ReferrersResult);
                return ExitCode.Done;
            }

            await foreach (Descriptor referrer in referrers)
            {
                context.Terminal.Out.WriteLine(SafeText.Of($"{referrer.Digest}  {referrer.ArtifactType ?? referrer.MediaType}"));
            }

            return ExitCode.Done;
        });

        return command;
    }
}
