namespace OciImage.Json;

/// <summary>Says what the value of a field may be. What is not required may be <c>null</c>, as Go's readers have it.</summary>
internal sealed class ValueRule
{
    public static readonly ValueRule Any = new() { Kind = ValueKind.Any };
    public static readonly ValueRule Text = new() { Kind = ValueKind.Text };
    public static readonly ValueRule Flag = new() { Kind = ValueKind.Flag };
    public static readonly ValueRule WholeNumber = new() { Kind = ValueKind.WholeNumber };
    public static readonly ValueRule SchemaVersion = new() { Kind = ValueKind.WholeNumber, Only = "2" };
    public static readonly ValueRule RequiredText = new() { Kind = ValueKind.Text, IsRequired = true };
    public static readonly ValueRule Texts = List(RequiredText);

    // Names of the user's own choice, so that 'a' and 'A' are two of them.
    public static readonly ValueRule TextMap = new() { Kind = ValueKind.Map, Items = RequiredText };
    public static readonly ValueRule NameSet = new() { Kind = ValueKind.Map, Items = Any };

    public required ValueKind Kind { get; init; }

    /// <summary>Gets whether the field must be there and must not be <c>null</c>.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Gets the only value that is allowed, or <see langword="null"/> for any.</summary>
    public string? Only { get; init; }

    /// <summary>Gets what the fields of an object are.</summary>
    public ObjectRule? Members { get; init; }

    /// <summary>Gets what the items of a list or the values of a map are.</summary>
    public ValueRule? Items { get; init; }

    public static ValueRule Object(ObjectRule members, bool required = false) =>
        new() { Kind = ValueKind.Object, Members = members, IsRequired = required };

    public static ValueRule List(ValueRule items) => new() { Kind = ValueKind.List, Items = items };
}
