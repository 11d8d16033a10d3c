using System.Collections.Frozen;

namespace OciImage.Json;

/// <summary>Says which fields an object has, and which mark it as another kind of document.</summary>
internal sealed class ObjectRule
{
    private readonly FrozenDictionary<string, ValueRule> _fields;
    private readonly FrozenDictionary<string, string> _spellings;

    public ObjectRule(IReadOnlyDictionary<string, ValueRule> fields, params string[] foreign)
    {
        _fields = fields.ToFrozenDictionary(StringComparer.Ordinal);
        _spellings = fields.Keys.ToFrozenDictionary(Fold, StringComparer.Ordinal);
        Required = [.. fields.Where(field => field.Value.IsRequired).Select(field => field.Key)];
        Foreign = foreign.ToFrozenDictionary(Fold, StringComparer.Ordinal);
    }

    public IReadOnlyList<string> Required { get; }

    /// <summary>Gets fields of other kinds of documents, by their folded names.</summary>
    public FrozenDictionary<string, string> Foreign { get; }

    public ValueRule? Find(string name) => _fields.GetValueOrDefault(name);

    /// <summary>Returns the known field that a folded name stands for, or <see langword="null"/>.</summary>
    public string? FindSpelling(string folded) => _spellings.GetValueOrDefault(folded);

    /// <summary>Folds a name as Go's reader does: regardless of case, with the two characters beyond ASCII that fold into it.</summary>
    public static string Fold(string name) => string.Create(name.Length, name, static (folded, text) =>
    {
        for (int i = 0; i < text.Length; i++)
        {
            folded[i] = text[i] switch
            {
                'ſ' => 's', // long s
                '\u212A' => 'k', // Kelvin
                var c => char.IsAscii(c) ? char.ToLowerInvariant(c) : c,
            };
        }
    });
}
