using System.Runtime.CompilerServices;

namespace OciImage.Content;

/// <summary>An image store in memory, for tests, small tools and content that is being assembled.</summary>
/// <remarks>
/// All members may be used by many threads at once. Content is verified on its way in. Tags are those of the
/// distribution specification; an untagged manifest stays until it is deleted.
/// </remarks>
public sealed partial class MemoryStore :
    IImageStore, IContentIngester, IIngestLister, IContentDeleter, IReferenceLister, IReferenceUntagger, IReferrerSource, IBlobMounter,
    IContentRangeFetcher
{
    private const string Place = "memory";

    private readonly Lock _lock = new();
    private readonly Dictionary<Digest, StoredContent> _content = [];
    private readonly SortedDictionary<string, Descriptor> _tags = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MemoryIngestState> _ingests = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;

    /// <summary>Initializes a new instance without content.</summary>
    /// <param name="timeProvider">The clock of ingests; the system's by default.</param>
    public MemoryStore(TimeProvider? timeProvider = null)
    {
        _time = timeProvider ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        cancellationToken.ThrowIfCancellationRequested();
        ReadOnlyMemory<byte> bytes = Find(descriptor.Digest)?.Bytes ??
            throw ContentNotFoundException.ForDigest(descriptor.Digest, Place);

        return bytes.Length == descriptor.Size
            ? new(new ContentStream(MemoryContent.OpenRead(bytes), descriptor))
            : throw ContentVerificationException.OtherLength(descriptor, bytes.Length);
    }

    /// <inheritdoc/>
    public ValueTask<UnverifiedRangeStream?> TryOpenRangeAsync(
        Descriptor descriptor, long offset, long length, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ContentBounds.Check(descriptor, offset, length);
        cancellationToken.ThrowIfCancellationRequested();
        ReadOnlyMemory<byte> bytes = Find(descriptor.Digest)?.Bytes ??
            throw ContentNotFoundException.ForDigest(descriptor.Digest, Place);

        return bytes.Length == descriptor.Size
            ? new(new UnverifiedRangeStream(MemoryContent.OpenRead(bytes.Slice((int)offset, (int)length)), length))
            : throw ContentVerificationException.OtherLength(descriptor, bytes.Length);
    }

    /// <inheritdoc/>
    public async ValueTask PushAsync(
        Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentNullException.ThrowIfNull(content);
        cancellationToken.ThrowIfCancellationRequested();
        if (Find(descriptor.Digest) is { } found && found.Bytes.Length == descriptor.Size)
        {
            // What came in as a layer, and is a manifest too, becomes one now.
            Add(descriptor, found.Bytes);
            return;
        }

        if (!descriptor.Digest.CanVerify)
        {
            throw ContentVerificationException.CannotVerify(descriptor);
        }

        Stream source = await content.OpenAsync(0, cancellationToken).ConfigureAwait(false);
        ContentStream stream = ContentStream.Over(source, descriptor);
        await using (stream.ConfigureAwait(false))
        {
            byte[] bytes = await stream.ReadToEndAsync(Array.MaxLength, cancellationToken).ConfigureAwait(false);
            Add(descriptor, bytes);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        cancellationToken.ThrowIfCancellationRequested();

        // Bytes that came in as a layer are no manifest: what that would refer to need not be here.
        return new(
            Find(descriptor.Digest) is { } found && found.Bytes.Length == descriptor.Size &&
            (!ContentGraph.HasChildren(descriptor) || MediaTypes.IsManifestOrIndex(found.Descriptor.MediaType)));
    }

    /// <inheritdoc/>
    public ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (_tags.TryGetValue(reference, out Descriptor? tagged))
            {
                return new(tagged);
            }

            return Digest.TryParse(reference, out Digest digest) && _content.TryGetValue(digest, out StoredContent? found)
                ? new(found.Descriptor)
                : throw ContentNotFoundException.ForReference(reference, Place);
        }
    }

    /// <inheritdoc/>
    public ValueTask TagAsync(
        Descriptor descriptor, string reference, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentException.ThrowIfNullOrEmpty(reference);
        if (!ReferenceGrammar.IsTag(reference))
        {
            throw new ArgumentException($"'{Excerpt.Of(reference)}' is not a tag.", nameof(reference));
        }

        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (!_content.TryGetValue(descriptor.Digest, out StoredContent? found) ||
                found.Bytes.Length != descriptor.Size)
            {
                throw ContentNotFoundException.ForDigest(descriptor.Digest, Place);
            }

            _tags[reference] = descriptor;
        }

        return default;
    }

    /// <inheritdoc/>
    public ValueTask UntagAsync(string reference, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        lock (_lock)
        {
            return _tags.Remove(reference) ? default : throw ContentNotFoundException.ForReference(reference, Place);
        }
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        lock (_lock)
        {
            if (!_content.Remove(descriptor.Digest))
            {
                throw ContentNotFoundException.ForDigest(descriptor.Digest, Place);
            }

            string[] tags = [.. _tags.Where(tag => tag.Value.Digest == descriptor.Digest).Select(tag => tag.Key)];
            foreach (string tag in tags)
            {
                _tags.Remove(tag);
            }
        }

        return default;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListReferencesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string[] tags;
        lock (_lock)
        {
            tags = [.. _tags.Keys];
        }

        foreach (string tag in tags)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return tag;
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Descriptor> ListReferrersAsync(
        Descriptor subject,
        string? artifactType = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        StoredContent[] stored;
        lock (_lock)
        {
            stored = [.. _content.Values];
        }

        Descriptor[] referrers =
        [
            .. stored
                .Select(content => content.Referrer)
                .Where(referrer => referrer?.Subject == subject.Digest)
                .Select(referrer => referrer!.Descriptor)
                .Where(referrer => artifactType is null || referrer.ArtifactType == artifactType)
                .OrderBy(referrer => referrer.Digest),
        ];
        foreach (Descriptor referrer in referrers)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return referrer;
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<bool> TryMountAsync(
        Descriptor descriptor, IContentFetcher source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentNullException.ThrowIfNull(source);
        cancellationToken.ThrowIfCancellationRequested();
        if (source is not MemoryStore other ||
            other.Find(descriptor.Digest) is not { } found || found.Bytes.Length != descriptor.Size)
        {
            return new(false);
        }

        // Verified when the other store took it in, and nobody can have changed it since.
        Add(descriptor, found.Bytes);
        return new(true);
    }

    /// <inheritdoc/>
    public ValueTask<ContentIngest> OpenIngestAsync(string key, CancellationToken cancellationToken = default)
    {
        IngestKey.Check(key);
        lock (_lock)
        {
            if (!_ingests.TryGetValue(key, out MemoryIngestState? state))
            {
                state = new MemoryIngestState(key, _time);
                _ingests.Add(key, state);
            }

            return new(new MemoryIngest(state, this));
        }
    }

    /// <inheritdoc/>
    public ValueTask<IngestStatus?> GetIngestStatusAsync(string key, CancellationToken cancellationToken = default)
    {
        IngestKey.Check(key);
        lock (_lock)
        {
            return new(_ingests.GetValueOrDefault(key)?.Status);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<IngestStatus> ListIngestsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        IngestStatus[] found;
        lock (_lock)
        {
            found = [.. _ingests.Values.Select(state => state.Status).OrderBy(status => status.Key, StringComparer.Ordinal)];
        }

        foreach (IngestStatus status in found)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return status;
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> AbortIngestAsync(string key, CancellationToken cancellationToken = default)
    {
        IngestKey.Check(key);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (!_ingests.TryGetValue(key, out MemoryIngestState? state))
            {
                return new(false);
            }

            state.Open();
            return new(_ingests.Remove(key));
        }
    }

    internal void Add(Descriptor descriptor, ReadOnlyMemory<byte> bytes)
    {
        lock (_lock)
        {
            // Content may have come in as a blob of no known type first; a manifest's type says more.
            if (!_content.TryGetValue(descriptor.Digest, out StoredContent? found) ||
                (MediaTypes.IsManifestOrIndex(descriptor.MediaType) && descriptor.MediaType != found.Descriptor.MediaType))
            {
                _content[descriptor.Digest] = new StoredContent(descriptor.ToContentDescriptor(), bytes);
            }
        }
    }

    internal void Forget(MemoryIngestState state)
    {
        lock (_lock)
        {
            _ingests.Remove(state.Key);
        }
    }

    private StoredContent? Find(Digest digest)
    {
        lock (_lock)
        {
            return _content.GetValueOrDefault(digest);
        }
    }

    private sealed class StoredContent(Descriptor descriptor, ReadOnlyMemory<byte> bytes)
    {
        private readonly Lazy<Referrer?> _referrer = new(() => Content.Referrer.Find(descriptor, bytes));

        public Descriptor Descriptor => descriptor;

        public ReadOnlyMemory<byte> Bytes => bytes;

        public Referrer? Referrer => _referrer.Value;
    }
}
