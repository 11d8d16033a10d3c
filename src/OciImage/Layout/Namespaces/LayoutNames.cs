using System.Runtime.CompilerServices;
using OciImage.Content;

namespace OciImage.Layout;

/// <summary>The names and roots of one namespace in <c>index.json</c>.</summary>
internal sealed class LayoutNames(
    string @namespace, LayoutPaths paths, LayoutIndex index, LayoutBlobs blobs, LayoutReferrers referrers)
{
    private const int MaxNameLength = 1024;

    private readonly NamespaceEntries _entries = new(@namespace);

    public async ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken)
    {
        // 'alpine:latest' has the form of a digest, too, of an algorithm that nobody knows.
        bool isDigest = Digest.TryParse(reference, out Digest digest);
        IReadOnlyList<Descriptor> entries = (await index.ReadAsync(cancellationToken).ConfigureAwait(false)).Value.Manifests;
        Descriptor? found = isDigest && digest.CanVerify
            ? null
            : LayoutEntry.Choose([.. entries.Where(entry => _entries.IsNamed(entry, reference))]);
        if (found is null && isDigest)
        {
            found = entries.FirstOrDefault(entry => entry.Digest == digest && _entries.IsRoot(entry)) ??
                await blobs.DescribeAsync(digest, cancellationToken).ConfigureAwait(false);
        }

        return found is null
            ? throw NotFound(reference)
            : LayoutEntry.ToPlain(found);
    }

    public ValueTask TagAsync(Descriptor descriptor, string reference, CancellationToken cancellationToken)
    {
        if (reference.Length > MaxNameLength || reference.Any(c => char.IsControl(c) || char.IsSurrogate(c)) ||
            (Digest.TryParse(reference, out Digest digest) && digest.CanVerify))
        {
            throw new ArgumentException(
                $"'{Excerpt.Of(reference)}' cannot be a tag: at most {MaxNameLength} characters, none a control " +
                "character, and no digest.",
                nameof(reference));
        }

        return index.UpdateEntriesAsync(
            async entries =>
            {
                blobs.RequireForUse(descriptor);
                return _entries.Name(
                    entries,
                    descriptor,
                    reference,
                    await FindReferrersAsync(entries, reference, cancellationToken).ConfigureAwait(false));
            },
            cancellationToken);
    }

    public ValueTask AddRootAsync(Descriptor descriptor, CancellationToken cancellationToken) => index.UpdateEntriesAsync(
        entries =>
        {
            blobs.RequireForUse(descriptor);
            return new(_entries.Add(entries, descriptor));
        },
        cancellationToken);

    public ValueTask UntagAsync(string reference, CancellationToken cancellationToken) => index.UpdateEntriesAsync(
        async entries => Changed(
            entries,
            _entries.Unname(
                entries,
                reference,
                await FindReferrersAsync(entries, reference, cancellationToken).ConfigureAwait(false)),
            reference),
        cancellationToken);

    public ValueTask SetLabelsAsync(
        string reference, IReadOnlyDictionary<string, string?> changes, CancellationToken cancellationToken)
    {
        foreach ((string key, string? value) in changes)
        {
            LayoutLabels.Check(key, value);
        }

        return index.UpdateEntriesAsync(
            entries => new(Changed(entries, _entries.Label(entries, reference, changes), reference)), cancellationToken);
    }

    public async IAsyncEnumerable<string> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ImageIndex read = (await index.ReadAsync(cancellationToken).ConfigureAwait(false)).Value;
        foreach (string name in read.Manifests
            .Where(_entries.IsRoot).Select(LayoutEntry.NameOf).OfType<string>()
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            yield return name;
        }
    }

    public async IAsyncEnumerable<LayoutRoot> ListRootsAsync(
        bool allNamespaces, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ImageIndex read = (await index.ReadAsync(cancellationToken).ConfigureAwait(false)).Value;
        IEnumerable<LayoutRoot> roots = read.Manifests
            .Where(entry => LayoutEntry.LeaseOf(entry) is null && (allNamespaces || _entries.IsRoot(entry)))
            .Select(entry => new LayoutRoot(
                LayoutEntry.NamespaceOf(entry),
                LayoutEntry.NameOf(entry),
                LayoutEntry.ToPlain(entry),
                LayoutEntry.LabelsOf(entry)));
        foreach (LayoutRoot root in roots
            .OrderBy(root => root.Namespace, StringComparer.Ordinal)
            .ThenBy(root => root.Name is null)
            .ThenBy(root => root.Name, StringComparer.Ordinal))
        {
            yield return root;
        }
    }

    public async IAsyncEnumerable<Descriptor> ListReferrersAsync(
        Descriptor subject, string? artifactType, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ImageIndex read = (await index.ReadAsync(cancellationToken).ConfigureAwait(false)).Value;
        foreach (Descriptor entry in read.Manifests
            .Where(_entries.IsRoot).DistinctBy(entry => entry.Digest).OrderBy(entry => entry.Digest))
        {
            Referrer? referrer = await referrers.FindAsync(entry, cancellationToken).ConfigureAwait(false);
            if (referrer?.Subject == subject.Digest &&
                (artifactType is null || referrer.Descriptor.ArtifactType == artifactType))
            {
                yield return referrer.Descriptor;
            }
        }
    }

    public async IAsyncEnumerable<string> ListNamespacesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ImageIndex read = (await index.ReadAsync(cancellationToken).ConfigureAwait(false)).Value;
        foreach (string name in read.Manifests
            .Select(LayoutEntry.NamespaceOf)
            .Concat(LeaseRecords.Read(read).Select(lease => lease.Namespace))
            .Where(LayoutNamespace.IsValid)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            yield return name;
        }
    }

    /// <summary>Takes away every root and lease of the namespace; returns how many.</summary>
    public async ValueTask<int> RemoveAllAsync(CancellationToken cancellationToken)
    {
        int removed = 0;
        await index.UpdateAsync(
            read =>
            {
                Descriptor[] left = [.. read.Manifests.Where(entry => LayoutEntry.NamespaceOf(entry) != @namespace)];
                string[] leases = [.. LeaseRecords.Read(read)
                    .Where(lease => lease.Namespace == @namespace).Select(lease => lease.Id)];
                removed = read.Manifests.Count(entry => LayoutEntry.IsRootOf(entry, @namespace)) + leases.Length;
                return new(removed == 0
                    ? read
                    : LeaseRecords.Remove(read with { Manifests = left }, leases.Select(id => (@namespace, id))));
            },
            cancellationToken).ConfigureAwait(false);

        return removed;
    }

    private ValueTask<HashSet<Digest>> FindReferrersAsync(
        IReadOnlyList<Descriptor> entries, string reference, CancellationToken cancellationToken) =>
        referrers.FilterAsync(entries.Where(entry => _entries.IsNamed(entry, reference)), cancellationToken);

    // Most names that are missing are in another namespace than the one that was asked.
    private ContentNotFoundException NotFound(string reference) => ContentNotFoundException.ForReference(
        reference, @namespace == OciLayoutOptions.DefaultNamespace ? paths.Root : $"{paths.Root}, namespace {@namespace}");

    private IReadOnlyList<Descriptor> Changed(
        IReadOnlyList<Descriptor> before, IReadOnlyList<Descriptor> after, string reference) =>
        ReferenceEquals(before, after) ? throw NotFound(reference) : after;
}
