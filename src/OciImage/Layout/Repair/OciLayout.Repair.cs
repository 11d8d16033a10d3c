using System.Runtime.CompilerServices;
using OciImage.Content;

namespace OciImage.Layout;

// What is done about damage.
public sealed partial class OciLayout
{
    /// <summary>Reads content, and moves it out of the layout's blobs when it is damaged.</summary>
    /// <remarks>
    /// Moved is what has another digest, what the device cannot read, and what is no regular file; never what another writer
    /// puts in its place meanwhile. It then stands in <c>.ociimage/quarantine</c>, and the content is missing.
    /// </remarks>
    /// <param name="digest">The digest of the content.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The path it has now, or <see langword="null"/> where it is whole, or where there is none.</returns>
    /// <exception cref="ArgumentException">The digest's algorithm is not one that can be verified.</exception>
    /// <exception cref="IOException">The content cannot be moved, or another process keeps a lock too long.</exception>
    public ValueTask<string?> QuarantineAsync(Digest digest, CancellationToken cancellationToken = default)
    {
        if (!digest.CanVerify)
        {
            throw new ArgumentException($"'{Excerpt.Of(digest.ToString())}' cannot be verified.", nameof(digest));
        }

        return _quarantine.MoveAsync(digest, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<RepairResult> RepairAsync(
        Descriptor descriptor, IReadOnlyList<IContentFetcher> sources, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentNullException.ThrowIfNull(sources);
        if (!descriptor.Digest.CanVerify)
        {
            throw ContentVerificationException.CannotVerify(descriptor);
        }

        string? moved = await QuarantineAsync(descriptor.Digest, cancellationToken).ConfigureAwait(false);
        if (moved is null && _blobs.Has(descriptor.Digest))
        {
            return new RepairResult(descriptor, RepairOutcome.Whole);
        }

        Exception? error = null;
        foreach (IContentFetcher source in sources)
        {
            try
            {
                await _writer.WriteAsync(
                    descriptor, new TransferContent(source, descriptor, new CopyOptions()), cancellationToken).ConfigureAwait(false);
                await ListReferrerAsync(descriptor, cancellationToken).ConfigureAwait(false);
                return new RepairResult(descriptor, RepairOutcome.Repaired) { QuarantinedAs = moved };
            }
            catch (Exception exception) when (exception is OciException || CopyFailure.GetSide(exception) == CopySide.Source)
            {
                // Another source may have it, and have it whole; where this store cannot be written, none helps.
                error = exception;
            }
        }

        return new RepairResult(descriptor, RepairOutcome.Missing) { QuarantinedAs = moved, Error = error };
    }

    /// <summary>Lists everything that stands where blobs do, whatever names it, in the order of the names.</summary>
    /// <remarks>
    /// Only what has a digest's name is listed, as <c>application/octet-stream</c> and with the length that it has. What stands
    /// there as a link or a directory is listed with the length 0, and cannot be opened.
    /// </remarks>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <returns>The blobs as they are at this moment.</returns>
    public async IAsyncEnumerable<Descriptor> ListBlobsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (string algorithm in new[] { Digest.Sha256, Digest.Sha512 })
        {
            string directory = Path.Combine(_paths.Blobs, algorithm);
            if (!LayoutPaths.IsPlainDirectory(_paths.Blobs) || !LayoutPaths.IsPlainDirectory(directory))
            {
                continue;
            }

            foreach (string name in Directory.EnumerateFileSystemEntries(directory).Select(Path.GetFileName)!.Order(StringComparer.Ordinal)!)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Digest.TryParse($"{algorithm}:{name}", out Digest digest))
                {
                    yield return new Descriptor
                    {
                        MediaType = "application/octet-stream",
                        Digest = digest,
                        Size = _blobs.GetLength(digest) ?? 0,
                    };
                }
            }
        }
    }
}
