using System.Globalization;

namespace OciImage.Layout;

/// <summary>Reads and writes leases in <c>index.json</c>.</summary>
/// <remarks>
/// The record stands in the index's annotations. What it keeps stands in entries that name the lease and its end: a tool that
/// loses the index's annotations loses no content by that, and one that collects without knowing of leases neither.
/// </remarks>
internal static class LeaseRecords
{
    public static IReadOnlyList<LayoutLease> Read(ImageIndex index)
    {
        var leases = new Dictionary<(string, string), LayoutLease>();
        foreach ((string key, string value) in index.Annotations)
        {
            if (key.StartsWith(LayoutAnnotations.LeaseRecord, StringComparison.Ordinal) &&
                Split(key[LayoutAnnotations.LeaseRecord.Length..]) is var (name, id) && ParseRecord(value) is var (created, expires))
            {
                leases[(name, id)] = new LayoutLease { Id = id, Namespace = name, Created = created, Expires = expires };
            }
        }

        foreach ((string key, string value) in index.Annotations)
        {
            if (key.StartsWith(LayoutAnnotations.LeaseLabel, StringComparison.Ordinal) &&
                Split(key[LayoutAnnotations.LeaseLabel.Length..]) is var (name, rest) &&
                rest.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash &&
                leases.TryGetValue((name, rest[..slash]), out LayoutLease? lease))
            {
                leases[(name, lease.Id)] = lease with
                {
                    Labels = new Dictionary<string, string>(lease.Labels, StringComparer.Ordinal) { [rest[(slash + 1)..]] = value },
                };
            }
        }

        foreach (IGrouping<(string, string), Descriptor> content in index.Manifests
            .Where(entry => LayoutEntry.LeaseOf(entry) is not null)
            .GroupBy(entry => (LayoutEntry.NamespaceOf(entry), LayoutEntry.LeaseOf(entry)!)))
        {
            // They are written together; where somebody else made them differ, what ends later counts.
            DateTimeOffset? entries = content.Any(entry => ExpiryOf(entry) is null) ? null : content.Max(ExpiryOf);
            LayoutLease lease = leases.GetValueOrDefault(content.Key) ??
                new LayoutLease { Namespace = content.Key.Item1, Id = content.Key.Item2, Expires = entries };
            leases[content.Key] = lease with
            {
                Expires = entries is null || lease.Expires < entries ? entries : lease.Expires,
                Content = [.. content.Select(LayoutEntry.ToPlain)],
            };
        }

        return [.. leases.Values
            .OrderBy(lease => lease.Namespace, StringComparer.Ordinal).ThenBy(lease => lease.Id, StringComparer.Ordinal)];
    }

    /// <summary>Returns the index with the lease as it is given, and with these entries for it and no others.</summary>
    public static ImageIndex Write(ImageIndex index, LayoutLease lease)
    {
        ImageIndex without = Remove(index, [(lease.Namespace, lease.Id)]);
        string key = $"{lease.Namespace}/{lease.Id}";
        var annotations = new Dictionary<string, string>(without.Annotations, StringComparer.Ordinal)
        {
            [LayoutAnnotations.LeaseRecord + key] = $"{Format(lease.Created)} {Format(lease.Expires)}",
        };
        foreach ((string label, string value) in lease.Labels)
        {
            annotations[$"{LayoutAnnotations.LeaseLabel}{key}/{label}"] = value;
        }

        return without with
        {
            Annotations = annotations,
            Manifests = [.. without.Manifests, .. lease.Content.Select(content => CreateEntry(content, lease))],
        };
    }

    /// <summary>Returns the index without these leases and what only stands there for them.</summary>
    public static ImageIndex Remove(ImageIndex index, IEnumerable<(string Namespace, string Id)> leases)
    {
        var removed = leases.ToHashSet();
        return removed.Count == 0 ? index : index with
        {
            Annotations = index.Annotations
                .Where(annotation => !removed.Contains(LeaseOf(annotation.Key)))
                .ToDictionary(StringComparer.Ordinal),
            Manifests =
            [
                .. index.Manifests.Where(entry => LayoutEntry.LeaseOf(entry) is not { } id ||
                    !removed.Contains((LayoutEntry.NamespaceOf(entry), id))),
            ],
        };
    }

    private static Descriptor CreateEntry(Descriptor content, LayoutLease lease)
    {
        Descriptor plain = LayoutEntry.ToPlain(content);
        var annotations = new Dictionary<string, string>(plain.Annotations, StringComparer.Ordinal)
        {
            [LayoutAnnotations.Lease] = lease.Id,
        };
        if (lease.Namespace != OciLayoutOptions.DefaultNamespace)
        {
            annotations[LayoutAnnotations.Namespace] = lease.Namespace;
        }

        if (lease.Expires is not null)
        {
            annotations[LayoutAnnotations.LeaseExpires] = Format(lease.Expires);
        }

        return plain with { Annotations = annotations };
    }

    private static (string, string) LeaseOf(string annotation)
    {
        if (annotation.StartsWith(LayoutAnnotations.LeaseRecord, StringComparison.Ordinal))
        {
            return Split(annotation[LayoutAnnotations.LeaseRecord.Length..]) ?? default;
        }

        return annotation.StartsWith(LayoutAnnotations.LeaseLabel, StringComparison.Ordinal) &&
            Split(annotation[LayoutAnnotations.LeaseLabel.Length..]) is var (name, rest) &&
            rest.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash
                ? (name, rest[..slash])
                : default;
    }

    private static (string First, string Remainder)? Split(string text) => text.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash
        ? (text[..slash], text[(slash + 1)..])
        : null;

    // A time that cannot be read keeps the content: nobody can tell that the lease has ended.
    private static (DateTimeOffset? Created, DateTimeOffset? Expires)? ParseRecord(string value) =>
        value.Split(' ') is [var created, var expires] ? (Parse(created), Parse(expires)) : (null, null);

    private static DateTimeOffset? ExpiryOf(Descriptor entry) =>
        Parse(entry.Annotations.GetValueOrDefault(LayoutAnnotations.LeaseExpires) ?? "");

    private static DateTimeOffset? Parse(string text) =>
        DateTimeOffset.TryParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time)
            ? time
            : null;

    private static string Format(DateTimeOffset? time) =>
        time is null ? "-" : time.Value.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);
}
