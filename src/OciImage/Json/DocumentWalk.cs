using System.Text;
using System.Text.Json;

namespace OciImage.Json;

/// <summary>Goes once through a document, before anything is made of it, and holds it against its rules.</summary>
internal ref struct DocumentWalk
{
    private const int MaxDepth = 64;

    private readonly int _maxItems;
    private readonly List<string> _path = ["$"];
    private Utf8JsonReader _reader;

    public DocumentWalk(ReadOnlySpan<byte> bytes, int maxItems)
    {
        _reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = MaxDepth });
        _maxItems = maxItems;
    }

    /// <summary>Walks from the first byte to the last; trailing bytes are refused by the reader.</summary>
    public void Run(ObjectRule root)
    {
        _reader.Read();
        WalkValue(ValueRule.Object(root, required: true));
        while (_reader.Read())
        {
        }
    }

    private void WalkValue(ValueRule rule)
    {
        if (_reader.TokenType == JsonTokenType.Null && !rule.IsRequired)
        {
            return;
        }

        if (!Fits(rule.Kind))
        {
            throw Fault($"is a JSON {Describe(_reader.TokenType)}, expected {Describe(rule.Kind)}");
        }

        if (rule.Only is not null && !IsOnly(rule.Only))
        {
            throw Fault($"is '{Excerpt.Of(Encoding.UTF8.GetString(_reader.ValueSpan))}', expected '{rule.Only}'");
        }

        switch (_reader.TokenType)
        {
            case JsonTokenType.StartObject:
                WalkObject(rule.Members, rule.Items ?? ValueRule.Any);
                break;
            case JsonTokenType.StartArray:
                WalkList(rule.Items ?? ValueRule.Any);
                break;
            case JsonTokenType.String when _reader.ValueIsEscaped:
                // Half of a surrogate pair is syntax, but no text: readers replace it each in their own way.
                _reader.GetString();
                break;
        }
    }

    private void WalkObject(ObjectRule? rule, ValueRule others)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        HashSet<string>? folded = rule is null ? null : new HashSet<string>(StringComparer.Ordinal);
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = _reader.GetString()!;
            _path.Add("." + name);
            if (!names.Add(name))
            {
                throw Fault("occurs twice");
            }

            LimitItems(names.Count);
            if (rule is not null)
            {
                CheckSpelling(rule, name, folded!);
            }

            _reader.Read();
            WalkValue(rule is null ? others : rule.Find(name) ?? ValueRule.Any);
            _path.RemoveAt(_path.Count - 1);
        }

        foreach (string required in rule?.Required ?? [])
        {
            if (!names.Contains(required))
            {
                _path.Add("." + required);
                throw Fault("is missing");
            }
        }
    }

    // Go's readers find fields regardless of case, others do not: what only some would find is refused.
    private readonly void CheckSpelling(ObjectRule rule, string name, HashSet<string> folded)
    {
        string key = ObjectRule.Fold(name);
        if (rule.Foreign.TryGetValue(key, out string? foreign))
        {
            throw Fault(foreign == "fsLayers"
                ? "belongs to Docker's schema 1, which is not supported"
                : "belongs to another kind of document (CVE-2021-41190)");
        }

        if (rule.FindSpelling(key) is { } known && known != name)
        {
            throw Fault($"is another spelling of '{known}'; readers disagree about it");
        }

        if (!folded.Add(key))
        {
            throw Fault("occurs twice, upper and lower case not told apart");
        }
    }

    private void WalkList(ValueRule items)
    {
        int count = 0;
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            _path.Add($"[{count}]");
            LimitItems(++count);
            WalkValue(items);
            _path.RemoveAt(_path.Count - 1);
        }
    }

    private readonly bool Fits(ValueKind kind) => kind switch
    {
        ValueKind.Text => _reader.TokenType == JsonTokenType.String,
        ValueKind.Flag => _reader.TokenType is JsonTokenType.True or JsonTokenType.False,
        ValueKind.Object or ValueKind.Map => _reader.TokenType == JsonTokenType.StartObject,
        ValueKind.List => _reader.TokenType == JsonTokenType.StartArray,
        // 1.0 and 1e3 are whole numbers to some readers and none to others.
        ValueKind.WholeNumber => _reader.TokenType == JsonTokenType.Number && _reader.TryGetInt64(out _) &&
            !_reader.ValueSpan.ContainsAny((byte)'.', (byte)'e', (byte)'E'),
        _ => true,
    };

    private readonly bool IsOnly(string expected) => _reader.TokenType == JsonTokenType.String
        ? _reader.ValueTextEquals(expected)
        : Encoding.UTF8.GetString(_reader.ValueSpan) == expected;

    private readonly void LimitItems(int count)
    {
        if (count > _maxItems)
        {
            _path.RemoveAt(_path.Count - 1);
            throw Fault($"has more than {_maxItems} items");
        }
    }

    private readonly DocumentFormatException Fault(string what)
    {
        var path = new StringBuilder();
        foreach (string segment in _path)
        {
            path.Append(Excerpt.Of(segment));
        }

        string place = path.ToString();
        return new DocumentFormatException(_path.Count == 1 ? $"The document {what}." : $"'{place}' {what}.", place);
    }

    private static string Describe(ValueKind kind) => kind switch
    {
        ValueKind.Text => "a string",
        ValueKind.Flag => "true or false",
        ValueKind.WholeNumber => "a whole number without fraction and exponent",
        ValueKind.List => "an array",
        _ => "an object",
    };

    private static string Describe(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "object",
        JsonTokenType.StartArray => "array",
        JsonTokenType.String => "string",
        JsonTokenType.Number => "number",
        JsonTokenType.True or JsonTokenType.False => "boolean",
        _ => "null",
    };
}
