using System.Runtime.CompilerServices;

namespace OciImage.Layout;

/// <summary>The leases of one namespace of a layout: they keep content that has no name yet from being collected.</summary>
/// <remarks>
/// A lease keeps its content, with everything below it, in every namespace until it is deleted or has ended. Each change
/// rewrites <c>index.json</c> once, however much content it names. All members may be used by many threads and processes at once.
/// </remarks>
public sealed class LayoutLeases
{
    private readonly string _namespace;
    private readonly LayoutPaths _paths;
    private readonly LayoutIndex _index;
    private readonly LayoutBlobs _blobs;
    private readonly TimeProvider _time;

    internal LayoutLeases(string @namespace, LayoutPaths paths, LayoutIndex index, LayoutBlobs blobs, TimeProvider time)
    {
        _namespace = @namespace;
        _paths = paths;
        _index = index;
        _blobs = blobs;
        _time = time;
    }

    /// <summary>Makes a lease, at first without content.</summary>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>The lease.</returns>
    /// <exception cref="ArgumentException">A label is too long, or a lease of that name is there and has not ended.</exception>
    public async ValueTask<LayoutLease> CreateAsync(
        LeaseOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new LeaseOptions();
        foreach ((string key, string value) in options.Labels)
        {
            ArgumentNullException.ThrowIfNull(value);
            LayoutLabels.Check(key, value);
        }

        DateTimeOffset now = _time.GetUtcNow();
        var lease = new LayoutLease
        {
            Id = options.Id ?? Guid.NewGuid().ToString("N"),
            Namespace = _namespace,
            Created = now,
            Expires = EndOf(now, options.Lifetime),
            Labels = new Dictionary<string, string>(options.Labels, StringComparer.Ordinal),
        };
        await _index.UpdateAsync(
            read => Find(read, lease.Id) is { } other && !other.HasExpired(now)
                ? throw new ArgumentException($"The lease '{lease.Id}' is in '{_paths.Root}' already.")
                : new(LeaseRecords.Write(read, lease)),
            cancellationToken).ConfigureAwait(false);

        return lease;
    }

    /// <summary>Finds a lease.</summary>
    /// <param name="id">The lease's name.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns>The lease, also where it has ended and was not collected yet; <see langword="null"/> where there is none.</returns>
    public async ValueTask<LayoutLease?> FindAsync(string id, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return Find((await _index.ReadAsync(cancellationToken).ConfigureAwait(false)).Value, id);
    }

    /// <summary>Lists the leases of the namespace in the order of their names, also those that have ended and were not collected yet.</summary>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <returns>The leases.</returns>
    public async IAsyncEnumerable<LayoutLease> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ImageIndex read = (await _index.ReadAsync(cancellationToken).ConfigureAwait(false)).Value;
        foreach (LayoutLease lease in LeaseRecords.Read(read).Where(lease => lease.Namespace == _namespace))
        {
            yield return lease;
        }
    }

    /// <summary>Lets a lease keep more content, all of it or, where some is missing, none.</summary>
    /// <param name="id">The lease's name.</param>
    /// <param name="content">The content; of a manifest or an index everything below it is kept, too.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>A task that ends when the content is kept.</returns>
    /// <exception cref="ContentNotFoundException">The lease is absent or has ended, or content is not here.</exception>
    public ValueTask AddAsync(string id, IEnumerable<Descriptor> content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        Descriptor[] added = [.. content];
        return ChangeAsync(
            id,
            lease =>
            {
                foreach (Descriptor descriptor in added)
                {
                    _blobs.RequireForUse(descriptor);
                }

                return lease with
                {
                    Content = [.. lease.Content.Concat(added).DistinctBy(descriptor => (descriptor.Digest, descriptor.MediaType))],
                };
            },
            cancellationToken);
    }

    /// <summary>Lets a lease last longer, or end earlier.</summary>
    /// <param name="id">The lease's name.</param>
    /// <param name="lifetime">How long it lasts from now on, or <see langword="null"/> until it is deleted.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>A task that ends when the change is visible.</returns>
    /// <exception cref="ContentNotFoundException">The lease is absent, or has ended: what it kept may be gone.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The time is zero or negative.</exception>
    public ValueTask RenewAsync(string id, TimeSpan? lifetime, CancellationToken cancellationToken = default)
    {
        if (lifetime is { } time)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(time, TimeSpan.Zero, nameof(lifetime));
        }

        return ChangeAsync(id, lease => lease with { Expires = EndOf(_time.GetUtcNow(), lifetime) }, cancellationToken);
    }

    /// <summary>Removes a lease; what it alone kept goes with the next collection.</summary>
    /// <param name="id">The lease's name.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>A task that ends when the lease is gone.</returns>
    /// <exception cref="ContentNotFoundException">There is no such lease.</exception>
    public ValueTask DeleteAsync(string id, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return _index.UpdateAsync(
            read => Find(read, id) is null
                ? throw Missing(id)
                : new(LeaseRecords.Remove(read, [(_namespace, id)])),
            cancellationToken);
    }

    private ValueTask ChangeAsync(string id, Func<LayoutLease, LayoutLease> change, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return _index.UpdateAsync(
            read => Find(read, id) is { } lease && !lease.HasExpired(_time.GetUtcNow())
                ? new(LeaseRecords.Write(read, change(lease)))
                : throw Missing(id),
            cancellationToken);
    }

    private LayoutLease? Find(ImageIndex read, string id) =>
        LeaseRecords.Read(read).FirstOrDefault(lease => lease.Id == id && lease.Namespace == _namespace);

    private ContentNotFoundException Missing(string id) =>
        new($"The lease '{Excerpt.Of(id)}' of the namespace '{_namespace}' is not in '{_paths.Root}', or has ended.");

    // A time that no clock reaches is none.
    private static DateTimeOffset? EndOf(DateTimeOffset now, TimeSpan? lifetime) =>
        lifetime is { } time && time < DateTimeOffset.MaxValue - now ? now + time : null;
}
