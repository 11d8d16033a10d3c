using System.Text;
using OciImage.Tar;

namespace OciImage.Layout;

/// <summary>What stands where in an archive, by normalised names. Only headers are read for it.</summary>
/// <remarks>Names are keys here and never a path of this machine.</remarks>
internal sealed class ArchiveIndex
{
    private const int MaxLinks = 16;
    private const int MaxAllNames = 32 * 1024 * 1024;

    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    private readonly Dictionary<string, ArchiveEntry> _entries = new(StringComparer.Ordinal);
    private readonly string _place;

    private ArchiveIndex(string place)
    {
        _place = place;
    }

    public IReadOnlyCollection<string> Names => _entries.Keys;

    public static async ValueTask<ArchiveIndex> ReadAsync(
        ArchiveBytes bytes, string place, ImageArchiveOptions options, CancellationToken cancellationToken)
    {
        var limits = new TarReaderOptions { MaxEntries = options.MaxEntries, MaxMetadataSize = options.MaxHeaderSize };
        using TarReader reader = TarReader.OverHeaders(new ArchiveSlice(bytes, 0, bytes.Length), limits);
        var index = new ArchiveIndex(place);
        long names = 0;
        while (await reader.ReadNextAsync(cancellationToken).ConfigureAwait(false) is { } entry)
        {
            names += entry.Name.Length + entry.LinkName.Length;
            if (entry.Name.Length > options.MaxNameLength || entry.LinkName.Length > options.MaxNameLength ||
                names > MaxAllNames)
            {
                throw TarFault.Limit($"A name is longer than {options.MaxNameLength} bytes, or all together than {MaxAllNames}.");
            }

            if (Normalise(entry.Name.Span) is { } name)
            {
                index.Add(name, entry, reader);
            }
        }

        return index;
    }

    public bool Contains(string name) => _entries.ContainsKey(name);

    /// <summary>Finds a regular file, or nothing.</summary>
    /// <param name="name">The normalised name.</param>
    /// <param name="fault">What stands there instead, or <see langword="null"/>.</param>
    public ArchiveEntry? Find(string name, out string? fault)
    {
        ArchiveEntry? entry = _entries.GetValueOrDefault(name);
        fault = entry is null ? null
            : entry.IsAmbiguous ? "stands there more than once"
            : entry.Type != TarEntryType.RegularFile ? "is not a regular file"
            : entry.IsSparse ? "is a sparse file"
            : null;

        return fault is null ? entry : null;
    }

    /// <summary>Finds a regular file, or refuses what stands in its place.</summary>
    /// <exception cref="DocumentFormatException">The entry is no regular file, or not the only one of its name.</exception>
    public ArchiveEntry? Find(string name) => Find(name, out string? fault) is { } entry ? entry
        : fault is null ? null
        : throw new DocumentFormatException($"'{Excerpt.Of(name)}' in '{_place}' {fault}.");

    /// <summary>Finds the file that a name in a <c>manifest.json</c> means, through links within the archive.</summary>
    /// <exception cref="DocumentFormatException">There is none, or it leads outside, in a circle, or to what is no file.</exception>
    public ArchiveEntry Follow(string written)
    {
        string name = Normalise(written) ?? throw Outside(written, written);
        for (int links = 0; links <= MaxLinks; links++)
        {
            ArchiveEntry entry = _entries.GetValueOrDefault(name) ??
                throw new DocumentFormatException(
                    $"'{_place}' has no '{Excerpt.Of(name)}', which its manifest.json names as '{Excerpt.Of(written)}'.");
            if (entry.IsAmbiguous || entry.Target is null)
            {
                return Find(name)!;
            }

            // A hard link's target is a name in the archive; a symbolic link's is relative to where the link stands.
            string target = entry.Type == TarEntryType.HardLink || entry.Target.StartsWith('/')
                ? entry.Target
                : $"{name[..(name.LastIndexOf('/') + 1)]}{entry.Target}";
            name = entry.Target.StartsWith('/') || Resolve(target) is not { } next ? throw Outside(written, entry.Target) : next;
        }

        throw new DocumentFormatException($"'{Excerpt.Of(written)}' in '{_place}' leads through more than {MaxLinks} links.");
    }

    // A directory may stand there often. Of another name that stands twice, Go's readers take the last and some tools the first.
    private void Add(string name, TarEntry entry, TarReader reader)
    {
        bool isLink = entry.Type is TarEntryType.HardLink or TarEntryType.SymbolicLink;
        bool isKnown = _entries.TryGetValue(name, out ArchiveEntry? known);
        if (isKnown && entry.Type == TarEntryType.Directory && known!.Type == TarEntryType.Directory)
        {
            return;
        }

        _entries[name] = new ArchiveEntry(entry.Type, reader.ContentPosition, entry.Size)
        {
            Target = isLink ? Encoding.UTF8.GetString(entry.LinkName.Span) : null,
            IsSparse = reader.Extents is not null,
            IsAmbiguous = isKnown,
        };
    }

    // What is not UTF-8 is named by no document. A name that leads out of the archive is nobody's honest work.
    private static string? Normalise(ReadOnlySpan<byte> name)
    {
        string text;
        try
        {
            text = Utf8.GetString(name);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }

        return Normalise(text) ??
            throw new LayerException(LayerErrorKind.Unsafe, $"The entry '{Excerpt.Of(text)}' leads out of the archive.", text);
    }

    private static string? Normalise(string name) =>
        name.StartsWith('/') || name.Split('/').Contains("..") || name.Contains('\0', StringComparison.Ordinal) ? null : Resolve(name);

    // Resolves '.' and '..' by name alone; null where that leads above the archive's root.
    private static string? Resolve(string path)
    {
        var parts = new List<string>();
        foreach (string part in path.Split('/'))
        {
            if (part == ".." && parts.Count == 0)
            {
                return null;
            }

            if (part == "..")
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("" or "."))
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }

    private DocumentFormatException Outside(string written, string target) =>
        new($"'{Excerpt.Of(written)}' in '{_place}' leads to '{Excerpt.Of(target)}', which is outside of the archive.");
}
