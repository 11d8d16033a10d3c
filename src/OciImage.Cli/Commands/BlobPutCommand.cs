using System.Buffers;
using System.CommandLine;
using System.Security.Cryptography;
using OciImage.Cli.Locations;
using OciImage.Cli.Output;
using OciImage.Content;

namespace OciImage.Cli.Commands;

/// <summary><c>ocimg blob put LOC FILE</c>: writes a blob.</summary>
internal static class BlobPutCommand
{
    private const int BufferSize = 1024 * 1024;
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
            ArchiveLocation.Refuse(place, "blob put");
            string path = result.GetRequiredValue(file);
            if (place.Tag is not null)
            {
                throw new UsageException($"A blob has no tag, but the destination is '{place}'.");
            }

            await using OpenedStore target = await OpenedStore.OpenAsync(place, access.Read(result), create: true, cancellationToken);
            Descriptor blob = target.Store is IContentIngester ingester
                ? await IngestAsync(ingester, path, place, cancellationToken)
                : await PushAsync(target.Store, path, place, cancellationToken);
            ResultWriter.WriteContent(context, result, place.Describe(null, blob.Digest), blob);

            return ExitCode.Done;
        });

        return command;
    }

    // A registry is told the digest before the bytes; a layout finds it while it takes them in.
    private static async Task<Descriptor> IngestAsync(
        IContentIngester store, string path, ImageLocation place, CancellationToken cancellationToken)
    {
        await using FileStream file = OpenFile(path);
        await using ContentIngest ingest = await store.OpenIngestAsync($"blob-put-{Guid.NewGuid():N}", cancellationToken);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int read;
            while ((read = await file.ReadAsync(buffer, cancellationToken)) > 0)
            {
                await ingest.AppendAsync(buffer.AsMemory(0, read), cancellationToken);
            }

            return await ingest.CommitAsync(UnknownType, place.Digest, cancellationToken);
        }
        catch (ContentVerificationException)
        {
            await ingest.AbortAsync(CancellationToken.None);
            throw new UsageException($"'{path}' has another digest than the destination '{place}'.");
        }
        catch
        {
            // Under a key that nobody knows, nobody goes on with it.
            await ingest.AbortAsync(CancellationToken.None);
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<Descriptor> PushAsync(
        IContentPusher store, string path, ImageLocation place, CancellationToken cancellationToken)
    {
        Descriptor blob;
        await using (FileStream file = OpenFile(path))
        {
            byte[] hash = await SHA256.HashDataAsync(file, cancellationToken);
            blob = new Descriptor
            {
                MediaType = UnknownType,
                Digest = Digest.FromHash(Digest.Sha256, hash),
                Size = file.Position,
            };
        }

        if (place.Digest is Digest expected && expected != blob.Digest)
        {
            throw new UsageException($"'{path}' has the digest '{blob.Digest}', but the destination is '{place}'.");
        }

        await store.PushAsync(blob, ReplayableContent.FromFile(path), cancellationToken);
        return blob;
    }

    private static FileStream OpenFile(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
}
