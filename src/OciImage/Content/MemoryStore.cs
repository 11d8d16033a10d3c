using System.Runtime.CompilerServices;

namespace OciImage.Content;

/// <summary>An image store in memory, for tests, small tools and content that is being assembled.</summary>
/// <remarks>All members may be used by many threads at once. Content is verified on its way in.</remarks>
public sealed class MemoryStore :
    IImageStore, IContentIngester, IContentDeleter, IReferenceLister, IReferenceUntagger, IReferrerSource, IBlobMounter
{
    private const string Place = "memory";

    private readonly Lock _lock = new();
    private readonly Dictionary<Digest, (Descriptor Descriptor, ReadOnlyMemory<byte> Bytes)> _content = [];
    private readonly SortedDictionary<string, Descriptor> _tags = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MemoryIngest> _ingests = [];
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
        ReadOnlyMemory<byte> bytes;
        lock (_lock)
        {
            bytes = _content.TryGetValue(descriptor.Digest, out var found)
                ? found.Bytes
                : throw ContentNotFoundException.ForDigest(descriptor.Digest, Place);
        }

        return bytes.Length == descriptor.Size
            ? new(new ContentStream(MemoryContent.OpenRead(bytes), descriptor))
            : throw ContentVerificationException.OtherLength(descriptor, bytes.Length);
    }

    /// <inheritdoc/>
    public async ValueTask PushAsync(
        Descriptor descriptor, ReplayableContent content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentNullException.ThrowIfNull(content);
        if (await ExistsAsync(descriptor, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        Stream source = await content.OpenAsync(0, cancellationToken).ConfigureAwait(false);
        var stream = new ContentStream(source, descriptor);
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
        lock (_lock)
        {
            return new(_content.TryGetValue(descriptor.Digest, out var found) && found.Bytes.Length == descriptor.Size);
        }
    }

    /// <inheritdoc/>
    public ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        lock (_lock)
        {
            if (_tags.TryGetValue(reference, out Descriptor? tagged))
            {
                return new(tagged);
            }

            return Digest.TryParse(reference, out Digest digest) && _content.TryGetValue(digest, out var found)
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
        lock (_lock)
        {
            if (!_content.ContainsKey(descriptor.Digest))
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
        (Descriptor Descriptor, ReadOnlyMemory<byte> Bytes)[] manifests;
        lock (_lock)
        {
            manifests = [.. _content.Values.Where(item => MediaTypes.IsManifestOrIndex(item.Descriptor.MediaType))];
        }

        foreach ((Descriptor descriptor, ReadOnlyMemory<byte> bytes) in manifests.OrderBy(item => item.Descriptor.Digest))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Referrer.TryDescribe(descriptor, bytes, subject.Digest, out Descriptor? referrer) &&
                (artifactType is null || referrer.ArtifactType == artifactType))
            {
                yield return referrer;
            }
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<bool> TryMountAsync(
        Descriptor descriptor, IContentFetcher source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        if (source is not MemoryStore other)
        {
            return new(false);
        }

        (Descriptor Descriptor, ReadOnlyMemory<byte> Bytes) found;
        lock (other._lock)
        {
            if (!other._content.TryGetValue(descriptor.Digest, out found) || found.Bytes.Length != descriptor.Size)
            {
                return new(false);
            }
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
            if (!_ingests.TryGetValue(key, out MemoryIngest? ingest))
            {
                ingest = new MemoryIngest(key, this, _time);
                _ingests.Add(key, ingest);
            }

            ingest.Open();
            return new(ingest);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IngestStatus?> GetIngestStatusAsync(string key, CancellationToken cancellationToken = default)
    {
        IngestKey.Check(key);
        lock (_lock)
        {
            return new(_ingests.TryGetValue(key, out MemoryIngest? ingest) ? ingest.Status : null);
        }
    }

    internal void Add(Descriptor descriptor, ReadOnlyMemory<byte> bytes)
    {
        lock (_lock)
        {
            // Content may have come in as a blob of no known type first; a manifest's type says more.
            if (!_content.TryGetValue(descriptor.Digest, out var found) ||
                MediaTypes.IsManifestOrIndex(descriptor.MediaType) ||
                !MediaTypes.IsManifestOrIndex(found.Descriptor.MediaType))
            {
                _content[descriptor.Digest] = (descriptor.ToContentDescriptor(), bytes);
            }
        }
    }

    internal void Forget(MemoryIngest ingest)
    {
        lock (_lock)
        {
            _ingests.Remove(ingest.Key);
        }
    }
}
