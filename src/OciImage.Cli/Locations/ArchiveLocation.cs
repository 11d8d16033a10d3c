using System.Globalization;
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

    /// <summary>Gets which image is meant by its place in the list, from 0, as skopeo's <c>:@N</c>; or <see langword="null"/>.</summary>
    public int? Number { get; init; }

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

        // A name has letters and digits before an '@', so that this is none.
        return name is not ['@', .. var number] ? new ArchiveLocation(path, isDockers, name, digest)
            : digest is null && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int parsedNumber)
                ? new ArchiveLocation(path, isDockers, null, null) { Number = parsedNumber }
                : throw new UsageException($"An image is named by its place in an archive as '{prefix}FILE:@N', with N from 0, not '{name}'.");
    }

    public override string ToPlaceText() => $"{Prefix}{Path}";

    /// <summary>Returns the place in the form that parses to it.</summary>
    public override string ToString() =>
        $"{ToPlaceText()}{(Number is { } number ? $":@{number}" : Name is null ? "" : ":" + Name)}{(Digest is null ? "" : "@" + Digest)}";

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

            IReadOnlyList<Descriptor> all = await archive.ReadRootsAsync(cancellationToken);
            Descriptor only = Number is { } number
                ? FindNumber(all, number)
                : await OnlyImage.FindAsync(archive, all, ToPlaceText(), cancellationToken);
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

        if (Number is not null)
        {
            throw new UsageException($"'{this}' names an image by its place in an archive, which only an archive to be read has.");
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

    /// <summary>Refuses an archive where single pieces of content are written.</summary>
    /// <exception cref="UsageException">The place is an archive.</exception>
    public static void Refuse(ImageLocation place, string command)
    {
        if (place is ArchiveLocation)
        {
            throw new UsageException(
                $"'{command}' cannot add to '{place.ToPlaceText()}', an archive, which is only written as a whole. " +
                "Import it into a layout ('ocimg import'), add to that, and export it.");
        }
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

    // An image with several names is listed once for each, and counted once.
    private Descriptor FindNumber(IReadOnlyList<Descriptor> roots, int number)
    {
        Descriptor[] images = [.. roots.DistinctBy(root => root.Digest)];
        return number < images.Length
            ? images[number]
            : throw new ContentNotFoundException($"'{ToPlaceText()}' has {images.Length} images, counted from 0, and no '@{number}'.");
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
