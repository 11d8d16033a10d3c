using System.Runtime.CompilerServices;
using OciImage.Content;
using OciImage.Engines.Protocol;
using OciImage.Json;

namespace OciImage.Engines;

/// <summary>Keeps what refers to content by labels of the subject, which containerd's collector follows, and reads them.</summary>
internal sealed class ContainerdReferrers(ContainerdContent content, IContentFetcher source, DocumentOptions options)
{
    private const string UnknownMediaType = "application/octet-stream";

    // A subject's labels are read at once.
    private const int MaxReferrers = 10_000;

    /// <summary>Lets a subject that is here keep a referrer; a subject that is not keeps nothing.</summary>
    public async Task LinkAsync(Descriptor subject, Descriptor referrer, CancellationToken cancellationToken)
    {
        if (!subject.Digest.CanVerify)
        {
            return;
        }

        string key = ContentLabels.OfReferrer(referrer.Digest);
        try
        {
            await content.LabelAsync(
                subject.Digest,
                new Dictionary<string, string?> { [key] = referrer.Digest.ToString() },
                cancellationToken).ConfigureAwait(false);
        }
        catch (ContentNotFoundException)
        {
        }
    }

    public async IAsyncEnumerable<Descriptor> ListAsync(
        Descriptor subject, string? artifactType, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Info? info = await content.FindAsync(subject.Digest, cancellationToken).ConfigureAwait(false);
        Digest[] digests =
        [
            .. (info?.Labels ?? [])
                .Where(label => label.Key.StartsWith(ContentLabels.ReferrerPrefix, StringComparison.Ordinal))
                .Select(label => Digest.TryParse(label.Value, out Digest digest) ? digest : default)
                .Where(digest => digest.CanVerify)
                .Distinct().Order().Take(MaxReferrers),
        ];
        foreach (Digest digest in digests)
        {
            Descriptor? referrer = await ReadAsync(subject, digest, cancellationToken).ConfigureAwait(false);
            if (referrer is not null && (artifactType is null || referrer.ArtifactType == artifactType))
            {
                yield return referrer;
            }
        }
    }

    /// <summary>Describes content of which only the digest is known; containerd keeps no media types, so a document's own word counts.</summary>
    public async Task<Descriptor> DescribeAsync(Digest digest, long size, CancellationToken cancellationToken)
    {
        var unknown = new Descriptor { MediaType = UnknownMediaType, Digest = digest, Size = size };
        if (size > options.MaxSize)
        {
            return unknown;
        }

        byte[] bytes = await ReadBytesAsync(unknown, cancellationToken).ConfigureAwait(false);
        return unknown with { MediaType = DocumentKind.Detect(bytes) ?? UnknownMediaType };
    }

    private async Task<Descriptor?> ReadAsync(Descriptor subject, Digest digest, CancellationToken cancellationToken)
    {
        if (await content.FindAsync(digest, cancellationToken).ConfigureAwait(false) is not { } info || info.Size > options.MaxSize)
        {
            return null;
        }

        byte[] bytes = await ReadBytesAsync(
            new Descriptor { MediaType = UnknownMediaType, Digest = digest, Size = info.Size }, cancellationToken).ConfigureAwait(false);
        if (DocumentKind.Detect(bytes) is not { } mediaType)
        {
            return null;
        }

        // A label is anybody's word; the manifest's own subject counts.
        Referrer? referrer = Referrer.Find(new Descriptor { MediaType = mediaType, Digest = digest, Size = info.Size }, bytes);
        return referrer?.Subject == subject.Digest ? referrer.Descriptor : null;
    }

    private async Task<byte[]> ReadBytesAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        ContentStream stream = await source.OpenReadAsync(descriptor, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            return await stream.ReadToEndAsync(options.MaxSize, cancellationToken).ConfigureAwait(false);
        }
    }
}
