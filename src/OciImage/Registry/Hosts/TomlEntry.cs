namespace OciImage.Registry.Hosts;

/// <summary>What stands behind a key or in an array of a TOML file, and on which line.</summary>
/// <param name="Value">A text, a truth value, a section, a list of entries, or <see langword="null"/> for any other kind.</param>
/// <param name="Line">The line, counted from 1.</param>
internal readonly record struct TomlEntry(object? Value, int Line);
