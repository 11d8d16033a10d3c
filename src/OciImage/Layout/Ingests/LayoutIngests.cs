using Microsoft.Win32.SafeHandles;
using OciImage.Content;
using OciImage.Linux;

namespace OciImage.Layout;

/// <summary>Opens, lists and gives up the ingests of a layout.</summary>
internal sealed class LayoutIngests(LayoutPaths paths, BlobWriter writer)
{
    private const int MaxAttempts = 10;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(2);

    public async ValueTask<ContentIngest> OpenAsync(
        string key, Func<Descriptor, CancellationToken, ValueTask> committed, CancellationToken cancellationToken)
    {
        IngestKey.Check(key);
        LayoutPaths.Prepare(paths.Ingest);
        var place = IngestPlace.Of(paths, key);
        LockedFile file = await LockAsync(place, key, create: true, cancellationToken).ConfigureAwait(false) ??
            throw OpenElsewhere(key);
        return await LayoutIngest.OpenAsync(key, place, file, writer, committed, cancellationToken).ConfigureAwait(false);
    }

    public IngestStatus? GetStatus(string key)
    {
        IngestKey.Check(key);
        return GetStatus(IngestPlace.Of(paths, key), key);
    }

    /// <summary>Lists what has a record of its key; what has none was never more than opened.</summary>
    public IReadOnlyList<IngestStatus> List()
    {
        if (!LayoutPaths.IsPlainDirectory(paths.Ingest))
        {
            return [];
        }

        var found = new List<IngestStatus>();
        foreach (string file in Directory.EnumerateFiles(paths.Ingest, "*" + IngestPlace.Suffix))
        {
            var place = new IngestPlace(file);
            if (IngestRecord.TryRead(place.Record)?.Key is string key && IngestPlace.Of(paths, key) == place &&
                GetStatus(place, key) is { } status)
            {
                found.Add(status);
            }
        }

        found.Sort(static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        return found;
    }

    public async ValueTask<bool> AbortAsync(string key, CancellationToken cancellationToken)
    {
        IngestKey.Check(key);
        var place = IngestPlace.Of(paths, key);
        if (!LayoutPaths.IsPlainDirectory(paths.Ingest) || !File.Exists(place.Path))
        {
            return false;
        }

        using LockedFile? file = await LockAsync(place, key, create: false, cancellationToken).ConfigureAwait(false);
        if (file is null)
        {
            return false;
        }

        File.Delete(place.Path);
        File.Delete(place.Record);
        return true;
    }

    private static IOException OpenElsewhere(string key) => new($"The ingest '{key}' is open elsewhere.");

    // A sweep holds what it looks at for an instant; another holder keeps it longer than this waits.
    private static async ValueTask<LockedFile?> LockAsync(
        IngestPlace place, string key, bool create, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            if (LockedFile.TryOpen(place.Path, create, out LockedFile? file))
            {
                return file;
            }

            if (!create && !File.Exists(place.Path))
            {
                return null;
            }

            if (attempt == MaxAttempts)
            {
                throw OpenElsewhere(key);
            }

            await Task.Delay(Interval, cancellationToken).ConfigureAwait(false);
        }
    }

    private static IngestStatus? GetStatus(IngestPlace place, string key)
    {
        if (!Libc.IsSupported)
        {
            var file = new FileInfo(place.Path);
            return file.Exists && file.LinkTarget is null ? Describe(key, file.Length, file.LastWriteTimeUtc, place, isOpen: false) : null;
        }

        using SafeFileHandle? handle = BlobFile.TryOpen(place.Path, out _);
        return handle is null
            ? null
            : Describe(
                key,
                RandomAccess.GetLength(handle),
                File.GetLastWriteTimeUtc(handle),
                place,
                isOpen: !BlobFile.TryLock(handle, Libc.LockShared, place.Path));
    }

    private static IngestStatus Describe(string key, long length, DateTime updatedAt, IngestPlace place, bool isOpen)
    {
        IngestRecord? record = IngestRecord.TryRead(place.Record, key);
        return new IngestStatus(key, isOpen ? length : record?.Trusted(length) ?? 0, updatedAt)
        {
            StartedAt = record?.StartedAt,
            Total = record?.Total,
            IsOpen = isOpen,
        };
    }
}
