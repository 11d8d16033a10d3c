using System.CommandLine;
using System.Security.Cryptography;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Content;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg blob put LOC FILE</c>: writes a blob.</summary>
internal static class BlobPutCommand
{
    private const string UnknownType = "application/octet-stream";

    public static Command Create(CommandContext context)
    {
        Argument<ImageLocation> location = Arguments.Destination("LOC", "The repository or layout");
        var file = new Argument<string>("FILE") { Description = "The file." };
        var access = new RegistryAccessOptions(context);
        var command = new Command("put", "Write a file as a blob. Prints its digest.") { location, file };
        access.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            ImageLocation place = result.GetRequiredValue(location);
            string path = result.GetRequiredValue(file);
            Descriptor blob = await DescribeAsync(path, cancellationToken);
            if (place.Tag is not null || (place.Digest is Digest expected && expected != blob.Digest))
            {
                throw new UsageException(
                    $"A blob has no tag, and this one the digest '{blob.Digest}', but the destination is '{place}'.");
            }

            await using OpenedStore target = await OpenedStore.OpenAsync(place, access.Read(result), create: true, cancellationToken);
            await target.Store.PushAsync(blob, ReplayableContent.FromFile(path), cancellationToken);
            ResultWriter.WriteContent(context, result, place.Describe(null, blob.Digest), blob);

            return ExitCode.Done;
        });

        return command;
    }

    private static async Task<Descriptor> DescribeAsync(string path, CancellationToken cancellationToken)
    {
        await using FileStream stream = File.OpenRead(path);
        byte[] hash = await SHA256.HashDataAsync(stream, cancellationToken);

        return new Descriptor
        {
            MediaType = UnknownType,
            Digest = Digest.FromHash(Digest.Sha256, hash),
            Size = stream.Position,
        };
    }
}
