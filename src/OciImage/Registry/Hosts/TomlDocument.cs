using Tomlyn;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace OciImage.Registry.Hosts;

/// <summary>Parses TOML into sections. The library's messages quote the file, which may hold secrets, so none of them is shown.</summary>
internal static class TomlDocument
{
    private const int MaxDepth = 16;
    private const int MaxKeyParts = 8;

    // The library's time grows with the square of a key's parts: 40 keys of 50 000 parts took minutes.
    private const int MaxDotsOfLine = 1024;

    private static readonly TomlSerializerOptions Options = new() { MaxDepth = MaxDepth };

    /// <summary>Reads a file, or returns <see langword="null"/> where there is none.</summary>
    /// <exception cref="DocumentFormatException">The file cannot be read, is too large, or is no TOML.</exception>
    public static async ValueTask<TomlSection?> ReadAsync(string path, CancellationToken cancellationToken) =>
        await ConfigurationFile.ReadTextAsync(path, cancellationToken).ConfigureAwait(false) is { } text
            ? Parse(text, path)
            : null;

    /// <summary>Parses a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">Where it is from, for messages.</param>
    /// <exception cref="DocumentFormatException">The text is no TOML, or nests too deeply.</exception>
    public static TomlSection Parse(string text, string source)
    {
        CheckLines(text, source);
        DocumentSyntax document = ParseSyntax(text, source);
        foreach (DiagnosticMessage message in document.Diagnostics)
        {
            if (message.Kind == DiagnosticMessageKind.Error)
            {
                TextPosition at = message.Span.Start;
                string fault = message.Message.Contains("already defined", StringComparison.Ordinal)
                    ? "a key or a table is defined a second time"
                    : $"column {at.Column + 1} is no TOML";
                throw ConfigurationFile.Fault(source, at.Line + 1, fault);
            }
        }

        var root = new TomlSection(source, 1);
        AddAll(root, document.KeyValues);
        foreach (TableSyntaxBase table in document.Tables)
        {
            AddAll(Open(root, table), table.Items);
        }

        return root;
    }

    // A key ends with its line, and a line of TOML with nothing but a line feed.
    private static void CheckLines(string text, string source)
    {
        int number = 0;
        foreach (Range line in text.AsSpan().Split('\n'))
        {
            number++;
            if (text.AsSpan(line).Count('.') > MaxDotsOfLine)
            {
                throw ConfigurationFile.Fault(source, number, $"the line has more than {MaxDotsOfLine} dots");
            }
        }
    }

    private static DocumentSyntax ParseSyntax(string text, string source)
    {
        try
        {
            return SyntaxParser.Parse(text, Options, source, validate: true);
        }
        catch (TomlException exception)
        {
            throw ConfigurationFile.Fault(
                source, exception.Line is int line ? line : null, $"it is no TOML, or nests deeper than {MaxDepth} levels");
        }
        catch (ArgumentException)
        {
            // The library says so of some escapes that are no characters.
            throw ConfigurationFile.Fault(source, null, "it is no TOML: an escape in a text is no character");
        }
    }

    private static TomlSection Open(TomlSection root, TableSyntaxBase table)
    {
        int line = LineOf(table);
        List<string> path = PathOf(table.Name, root, line);
        TomlSection parent = Descend(root, path, line);
        string name = path[^1];
        TomlEntry? present = parent.Find(name);
        if (table is TableArraySyntax)
        {
            var section = new TomlSection(root.Source, line);
            if (present is { Value: List<TomlEntry> list })
            {
                list.Add(new TomlEntry(section, line));
                return section;
            }

            return present is not null
                ? throw root.Fault(line, "a key or a table is defined a second time")
                : Added(parent, name, new List<TomlEntry> { new(section, line) }, line, section);
        }

        return present is null ? AddSection(parent, name, line)
            : present.Value.Value as TomlSection ?? throw root.Fault(line, "a key or a table is defined a second time");
    }

    // The last of an array of tables is the one that later tables belong to.
    private static TomlSection Descend(TomlSection section, List<string> path, int line)
    {
        foreach (string name in path[..^1])
        {
            section = section.Find(name) switch
            {
                null => AddSection(section, name, line),
                { Value: TomlSection next } => next,
                { Value: List<TomlEntry> and [.., { Value: TomlSection last }] } => last,
                _ => throw section.Fault(line, "a key or a table is defined a second time"),
            };
        }

        return section;
    }

    private static void AddAll(TomlSection section, IEnumerable<KeyValueSyntax> items)
    {
        foreach (KeyValueSyntax item in items)
        {
            int line = LineOf(item);
            List<string> path = PathOf(item.Key, section, line);
            TomlSection parent = Descend(section, path, line);
            if (parent.Find(path[^1]) is not null)
            {
                throw section.Fault(line, "a key or a table is defined a second time");
            }

            parent.Add(path[^1], new TomlEntry(ValueOf(item.Value, section), line));
        }
    }

    private static object? ValueOf(ValueSyntax? value, TomlSection section)
    {
        switch (value)
        {
            case StringValueSyntax text:
                return text.Value ?? "";
            case BooleanValueSyntax flag:
                return flag.Value;
            case ArraySyntax array:
                return array.Items.Select(item => new TomlEntry(ValueOf(item.Value, section), LineOf(item))).ToList();
            case InlineTableSyntax table:
                var inner = new TomlSection(section.Source, LineOf(table));
                AddAll(inner, table.Items.Select(item => item.KeyValue).OfType<KeyValueSyntax>());
                return inner;
            default:
                return null;
        }
    }

    private static List<string> PathOf(KeySyntax? key, TomlSection section, int line)
    {
        var path = new List<string> { TextOf(key?.Key) };
        foreach (DottedKeyItemSyntax item in key?.DotKeys ?? Enumerable.Empty<DottedKeyItemSyntax>())
        {
            path.Add(path.Count < MaxKeyParts ? TextOf(item.Key) : throw section.Fault(line, $"a key has more than {MaxKeyParts} parts"));
        }

        return path;
    }

    private static string TextOf(BareKeyOrStringValueSyntax? key) => key switch
    {
        BareKeySyntax bare => bare.Key?.Text ?? "",
        StringValueSyntax quoted => quoted.Value ?? "",
        _ => "",
    };

    private static TomlSection AddSection(TomlSection parent, string name, int line)
    {
        var section = new TomlSection(parent.Source, line);
        return Added(parent, name, section, line, section);
    }

    private static TomlSection Added(TomlSection parent, string name, object value, int line, TomlSection section)
    {
        parent.Add(name, new TomlEntry(value, line));
        return section;
    }

    private static int LineOf(SyntaxNodeBase node) => node.Span.Start.Line + 1;
}
