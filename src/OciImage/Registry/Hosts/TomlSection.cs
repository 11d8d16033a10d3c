namespace OciImage.Registry.Hosts;

/// <summary>A table of a TOML file with its entries in the order of the file. Keys that nobody asks for are passed over.</summary>
/// <param name="source">The path of the file, for messages.</param>
/// <param name="line">The line on which the table begins.</param>
internal sealed class TomlSection(string source, int line)
{
    private readonly OrderedDictionary<string, TomlEntry> _entries = new(StringComparer.Ordinal);

    /// <summary>Gets the path of the file.</summary>
    public string Source { get; } = source;

    /// <summary>Gets the line on which the table begins.</summary>
    public int Line { get; } = line;

    public IEnumerable<KeyValuePair<string, TomlEntry>> Entries => _entries;

    public TomlEntry? Find(string key) => _entries.TryGetValue(key, out TomlEntry entry) ? entry : null;

    public void Add(string key, TomlEntry entry) => _entries.Add(key, entry);

    public int LineOf(string key) => Find(key)?.Line ?? Line;

    /// <summary>Returns a text, or <see langword="null"/> where the key is absent.</summary>
    public string? Text(string key) => Find(key) switch
    {
        null => null,
        { Value: string text } => text,
        { Line: int at } => throw Fault(at, $"'{key}' is no text"),
    };

    /// <summary>Returns a text, or <see langword="null"/> where the key is absent or the text is empty.</summary>
    public string? NonEmptyText(string key) => Text(key) is { Length: > 0 } text ? text : null;

    public bool? Flag(string key) => Find(key) switch
    {
        null => null,
        { Value: bool flag } => flag,
        { Line: int at } => throw Fault(at, $"'{key}' is neither true nor false"),
    };

    /// <summary>Returns the texts of an array, or <see langword="null"/> where the key is absent.</summary>
    public List<string>? Texts(string key) => Find(key) switch
    {
        null => null,
        { Value: List<TomlEntry> list } => [.. list.Select(item => TextOf(item, key))],
        { Line: int at } => throw Fault(at, $"'{key}' is no array of texts"),
    };

    public TomlSection? Section(string key) => Find(key) switch
    {
        null => null,
        { Value: TomlSection section } => section,
        { Line: int at } => throw Fault(at, $"'{key}' is no table"),
    };

    /// <summary>Returns the tables of an array of tables, which may be none.</summary>
    public List<TomlSection> Sections(string key) => Find(key) switch
    {
        null => [],
        { Value: List<TomlEntry> list } => [.. list.Select(item => item.Value as TomlSection ??
            throw Fault(item.Line, $"'{key}' is no array of tables"))],
        { Line: int at } => throw Fault(at, $"'{key}' is no array of tables"),
    };

    public string TextOf(TomlEntry entry, string key) =>
        entry.Value as string ?? throw Fault(entry.Line, $"'{key}' holds what is no text");

    public DocumentFormatException Fault(int line, string fault) => ConfigurationFile.Fault(Source, line, fault);

    /// <summary>Makes the error for what stands behind a key.</summary>
    public DocumentFormatException FaultAt(string key, string fault) => Fault(LineOf(key), fault);
}
