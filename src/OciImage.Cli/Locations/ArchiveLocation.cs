using OciImage.Content;
using OciImage.Layout;

namespace OciImage.Cli.Locations;

/// <summary>An image in an archive, which is a file.</summary>
/// <param name="Path">The path of the file, or <c>-</c> for the standard input.</param>
/// <param name="IsDockers">Whether it must be one that Docker reads.</param>
/// <param name="Name">The name of the image, or <see langword="null"/>.</param>
/// <param name="ArchiveDigest">The digest of the image, or <see langword="null"/>.</param>
internal sealed record ArchiveLocation(string Path, bool IsDockers, string? Name, Digest? ArchiveDigest) : ImageLocation
{
    public const string OciPrefix = "oci-archive:";
    public const string DockerPrefix = "docker-archive:";

    private string Prefix => IsDockers ? DockerPrefix : OciPrefix;

    public override string? Tag => Name;

    public override Digest? Digest => ArchiveDigest;

    // As skopeo has it: the file ends at the first colon, so that a name may have colons of its own.
    public static ArchiveLocation ParseArchive(string text, bool isDockers)
    {
        Digest? digest = null;
        int at = text.LastIndexOf('@');
        if (at >= 0 && OciImage.Digest.TryParse(text[(at + 1)..], out Digest parsed) && parsed.CanVerify)
        {
            digest = parsed;
            text = text[..at];
        }

        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string path = colon < 0 ? text : text[..colon];
        string? name = colon < 0 || colon == text.Length - 1 ? null : text[(colon + 1)..];
        string prefix = isDockers ? DockerPrefix : OciPrefix;
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
        {
            throw new UsageException($"An archive is written '{prefix}FILE[:NAME]' or '{prefix}FILE@DIGEST'; FILE is missing.");
        }

        return new ArchiveLocation(path, isDockers, name, digest);
    }

    public override string ToPlaceText() => $"{Prefix}{Path}";

    /// <summary>Returns the place in the form that parses to it.</summary>
    public override string ToString() =>
        $"{ToPlaceText()}{(Name is null ? "" : ":" + Name)}{(Digest is null ? "" : "@" + Digest)}";

    public override async Task<OpenedImage> OpenImageAsync(PlaceAccess access, int jobs, CancellationToken cancellationToken)
    {
        ImageArchive archive = await OpenArchiveAsync(access, cancellationToken);
        try
        {
            if ((Digest?.ToString() ?? Name) is string reference)
            {
                Descriptor found = await archive.ResolveAsync(reference, cancellationToken);
                IReadOnlyList<Descriptor> roots = await archive.ReadRootsAsync(cancellationToken);
                return new OpenedArchiveImage(archive, found, FindEntry(roots, found.Digest));
            }

            Descriptor only = await OnlyImage.FindAsync(
                archive, await archive.ReadRootsAsync(cancellationToken), ToPlaceText(), cancellationToken);
            return new OpenedArchiveImage(archive, only.ToContentDescriptor(), only);
        }
        catch
        {
            await archive.DisposeAsync();
            throw;
        }
    }

    public override async Task<OpenedStore> OpenStoreAsync(
        PlaceAccess access, bool create, int jobs, OpenedImage? origin, CancellationToken cancellationToken)
    {
        if (!create)
        {
            return new OpenedArchive(await OpenArchiveAsync(access, cancellationToken), ToPlaceText());
        }

        if (Path == "-")
        {
            throw new UsageException("An archive goes to the standard output with 'ocimg export SRC -o -'.");
        }

        return new OpenedArchiveWriter(ImageArchiveWriter.Create(Path, new ImageArchiveWriterOptions
        {
            Repository = origin?.Repository,
        }));
    }

    // Of an image with several names, the entry of the one that was written.
    private Descriptor? FindEntry(IReadOnlyList<Descriptor> roots, Digest digest)
    {
        string? whole = ImageReference.TryParse(Name, out ImageReference? parsed) ? parsed.ToString() : null;
        return roots
            .Where(root => root.Digest == digest)
            .OrderBy(root => OpenedArchiveImage.NameOf(root)?.ToString() is { } name && (name == Name || name == whole) ? 0
                : OpenedArchiveImage.TagOf(root) == Name ? 1
                : 2)
            .FirstOrDefault();
    }

    /// <summary>Opens the archive for reading.</summary>
    public async Task<ImageArchive> OpenArchiveAsync(PlaceAccess access, CancellationToken cancellationToken)
    {
        ImageArchive archive = Path == "-"
            ? await ImageArchive.OpenAsync(access.OpenInput(), cancellationToken: cancellationToken)
            : await ImageArchive.OpenAsync(Path, cancellationToken: cancellationToken);
        if (archive.Format != (IsDockers ? ImageArchiveFormat.Oci : ImageArchiveFormat.Docker))
        {
            return archive;
        }

        await archive.DisposeAsync();
        throw new UsageException(IsDockers
            ? $"'{Path}' is an OCI archive without the manifest.json that Docker reads. Use '{OciPrefix}{Path}'."
            : $"'{Path}' is an archive of Docker's and no OCI layout. Use '{DockerPrefix}{Path}'.");
    }
}
