using System.Net;

namespace OciImage.Content;

/// <summary>The tags of a repository that are made of digests: <c>sha256-…</c> and <c>sha256-….sig</c>, as cosign and regclient write them.</summary>
internal sealed class DigestTags
{
    // A tag has at most 128 bytes, so this bounds the memory; real repositories have a tenth of it.
    private const int MaxTags = 1_000_000;
    private const int EncodedLength = 64;

    private readonly Dictionary<string, List<string>> _byDigest = new(StringComparer.Ordinal);

    public static async ValueTask<DigestTags> ListAsync(IReferenceLister lister, CancellationToken cancellationToken)
    {
        var tags = new DigestTags();
        int count = 0;
        try
        {
            await foreach (string tag in lister.ListReferencesAsync(cancellationToken).ConfigureAwait(false))
            {
                if (++count > MaxTags)
                {
                    throw new DocumentFormatException($"The source lists more than {MaxTags} tags.");
                }

                tags.Add(tag);
            }
        }
        catch (RegistryException exception) when (exception.StatusCode == HttpStatusCode.NotFound && count == 0)
        {
            // A repository that only a mirror has: it has no tags of its own.
        }

        return tags;
    }

    /// <summary>Returns the tags of a digest, its bare tag among them.</summary>
    public IReadOnlyList<string> Of(Digest digest) => _byDigest.GetValueOrDefault(BareTag(digest)) ?? [];

    /// <summary>Returns the tag that stands for a digest, which is also that of its list of referrers (distribution-spec 1.1.1).</summary>
    public static string BareTag(Digest digest) =>
        $"{digest.Algorithm}-{digest.Encoded.AsSpan(0, Math.Min(EncodedLength, digest.Encoded.Length))}";

    private void Add(string tag)
    {
        int start = tag.StartsWith("sha256-", StringComparison.Ordinal) || tag.StartsWith("sha512-", StringComparison.Ordinal) ? 7 : -1;
        int end = start + EncodedLength;
        if (start < 0 || tag.Length < end || (tag.Length > end && char.IsAsciiLetterOrDigit(tag[end])))
        {
            return;
        }

        string bare = tag[..end];
        if (!_byDigest.TryGetValue(bare, out List<string>? tags))
        {
            tags = [];
            _byDigest.Add(bare, tags);
        }

        tags.Add(tag);
    }
}
