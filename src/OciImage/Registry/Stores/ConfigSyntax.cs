using System.Text.Json;
using System.Text.Unicode;

namespace OciImage.Registry.Stores;

/// <summary>Checks the JSON of a file of credentials before anything is taken from it, and knows the line of each name.</summary>
internal static class ConfigSyntax
{
    // Deep enough for a field of an entry: "auths", the registry, the field.
    private const int MaxKnownDepth = 3;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = 64 };

    /// <summary>Returns the lines of the names, the names of the way joined by line feeds.</summary>
    /// <exception cref="DocumentFormatException">It is no JSON object, has a name twice, or a text that is none.</exception>
    public static Dictionary<string, long> Check(string file, ReadOnlySpan<byte> bytes)
    {
        var lines = new Dictionary<string, long>(StringComparer.Ordinal);
        var seen = new Stack<HashSet<string>>();
        var way = new List<string>();
        var reader = new Utf8JsonReader(bytes, Options);
        long line = 1;
        int counted = 0;
        try
        {
            // A text that is not UTF-8 becomes an error here rather than later.
            if (!Utf8.IsValid(bytes))
            {
                throw Malformed(file, LineOfFirstInvalid(bytes), "it is not UTF-8");
            }

            while (reader.Read())
            {
                line += bytes[counted..(int)reader.TokenStartIndex].Count((byte)'\n');
                counted = (int)reader.TokenStartIndex;
                switch (reader.TokenType)
                {
                    case JsonTokenType.StartObject:
                        seen.Push(new HashSet<string>(StringComparer.Ordinal));
                        break;
                    case JsonTokenType.EndObject:
                        seen.Pop();
                        break;
                    case JsonTokenType.PropertyName:
                        string name = reader.GetString()!;
                        if (!seen.Peek().Add(name))
                        {
                            throw Malformed(file, line, "a name stands there for the second time");
                        }

                        Note(lines, way, reader.CurrentDepth, name, line);
                        break;
                    case JsonTokenType.String:
                        _ = reader.GetString();
                        break;
                }

                if (seen.Count == 0 && reader.TokenType != JsonTokenType.EndObject)
                {
                    throw Malformed(file, line, "a JSON object is expected");
                }
            }
        }
        catch (JsonException exception)
        {
            // The parser's message may quote the file, which holds secrets.
            throw Malformed(file, exception.LineNumber + 1 ?? line, "it is not JSON");
        }
        catch (InvalidOperationException)
        {
            throw Malformed(file, line, "a text has half a character");
        }

        return lines;
    }

    public static DocumentFormatException Malformed(string file, long line, string fault) =>
        new($"'{file}' is malformed at line {line}: {fault}.");

    private static void Note(Dictionary<string, long> lines, List<string> way, int depth, string name, long line)
    {
        if (depth > MaxKnownDepth)
        {
            return;
        }

        while (way.Count < depth)
        {
            way.Add("");
        }

        way[depth - 1] = name;
        lines[string.Join('\n', way.Take(depth))] = line;
    }

    private static long LineOfFirstInvalid(ReadOnlySpan<byte> bytes)
    {
        long line = 1;
        while (bytes.IndexOf((byte)'\n') is >= 0 and int end)
        {
            if (!Utf8.IsValid(bytes[..end]))
            {
                break;
            }

            bytes = bytes[(end + 1)..];
            line++;
        }

        return line;
    }
}
