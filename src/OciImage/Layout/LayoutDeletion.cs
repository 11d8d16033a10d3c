namespace OciImage.Layout;

/// <summary>Deletes content in one namespace, and leaves what others still reach.</summary>
internal sealed class LayoutDeletion(
    string @namespace, LayoutPaths paths, LayoutIndex index, LayoutBlobs blobs, BlobWriter writer, TimeProvider time)
{
    public async ValueTask DeleteAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        string? path = paths.Blob(descriptor.Digest);
        var marker = new ContentMarker(blobs);

        // Before the lock, so that there is little to read within it.
        ImageIndex before = (await index.ReadAsync(cancellationToken).ConfigureAwait(false)).Value;
        marker.Mark(FindOthers(before), cancellationToken);
        bool isKept = false;
        await index.UpdateAsync(
            read =>
            {
                if (path is null || !paths.IsInside(descriptor.Digest) ||
                    !(Path.Exists(path) || new FileInfo(path).LinkTarget is not null))
                {
                    throw ContentNotFoundException.ForDigest(descriptor.Digest, paths.Root);
                }

                marker.Mark(FindOthers(read), cancellationToken);
                isKept = marker.Reached.Contains(descriptor.Digest) || marker.Damaged.Count > 0;
                return new(read.Manifests.Any(IsDeleted)
                    ? read with { Manifests = [.. read.Manifests.Where(entry => !IsDeleted(entry))] }
                    : read);
            },
            cancellationToken,

            // After the index and under its lock: a name never points to what is gone.
            afterwards: () =>
            {
                if (!isKept)
                {
                    writer.Remove(path!);
                }
            }).ConfigureAwait(false);

        bool IsDeleted(Descriptor entry) => entry.Digest == descriptor.Digest && LayoutEntry.IsRootOf(entry, @namespace);
    }

    private Descriptor[] FindOthers(ImageIndex read)
    {
        DateTimeOffset now = time.GetUtcNow();
        return
        [
            .. read.Manifests.Where(entry => LayoutEntry.LeaseOf(entry) is null && !LayoutEntry.IsRootOf(entry, @namespace)),
            .. LeaseRecords.Read(read).Where(lease => !lease.HasExpired(now)).SelectMany(lease => lease.Content),
        ];
    }
}
