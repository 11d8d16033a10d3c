using Microsoft.Win32.SafeHandles;
using OciImage.Content;
using OciImage.Linux;

namespace OciImage.Layout;

/// <summary>Makes a blob of another layout one of this layout, as a second name of the same file.</summary>
internal sealed class LayoutMount(LayoutPaths paths, BlobWriter writer)
{
    /// <summary>Links, verifies and publishes, in this order: the link keeps the file that was verified.</summary>
    public async ValueTask<bool> TryMountAsync(Descriptor descriptor, string origin, CancellationToken cancellationToken)
    {
        LayoutPaths.Prepare(paths.Ingest);
        string temporary = Path.Combine(paths.Ingest, $"{Guid.NewGuid():N}{LayoutSweep.TemporarySuffix}");
        if (!BlobFile.TryLink(origin, temporary))
        {
            return false;
        }

        try
        {
            using SafeFileHandle? handle = BlobFile.TryOpen(temporary, out _);
            if (handle is null || !IsOurs(handle) || !BlobFile.TryLock(handle, Libc.LockShared, temporary) ||
                !BlobFile.IsNameOf(temporary, handle))
            {
                return false;
            }

            var file = new FileStream(handle, FileAccess.Read, bufferSize: 0);
            await using (file.ConfigureAwait(false))
            {
                // Other tools write without looking, so another layout's word is not enough.
                var stream = new ContentStream(file, descriptor, leaveOpen: true);
                await using (stream.ConfigureAwait(false))
                {
                    await stream.CompleteAsync(cancellationToken).ConfigureAwait(false);
                }

                await writer.PublishAsync(handle, temporary, descriptor.Digest).ConfigureAwait(false);
            }

            return true;
        }
        finally
        {
            // A rename onto another name of the same file does nothing and leaves both.
            File.Delete(temporary);
        }
    }

    // Another owner could change the file later, under both of its names.
    private static bool IsOurs(SafeFileHandle handle) => BlobFile.Stat(handle).Uid == Libc.GetEffectiveUserId();
}
