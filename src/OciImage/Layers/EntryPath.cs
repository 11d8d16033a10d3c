using System.Text;

namespace OciImage.Layers;

/// <summary>The name of an entry after normalisation: where it stands, and what it is called there.</summary>
/// <param name="Parent">The path of the directory, without slash at its ends; empty for the root.</param>
/// <param name="Name">The last component; empty for the root itself.</param>
internal readonly record struct EntryPath(byte[] Parent, byte[] Name)
{
    private const int MaxPath = 4096;
    private const int MaxComponent = 255;

    public bool IsRoot => Name.Length == 0;

    /// <summary>Normalises a name: leading and doubled slashes and "." go, ".." takes back the component before it.</summary>
    /// <exception cref="LayerException">The name climbs above the root, is too long or too deep, or has a NUL.</exception>
    public static EntryPath Parse(ReadOnlySpan<byte> name, int maxDepth)
    {
        if (name.Length > MaxPath)
        {
            throw Unsafe(name, $"has {name.Length} bytes; at most {MaxPath} are allowed");
        }

        if (name.Contains((byte)0))
        {
            throw Unsafe(name, "has a NUL");
        }

        var components = new List<Range>();
        foreach (Range range in name.Split((byte)'/'))
        {
            ReadOnlySpan<byte> component = name[range];
            if (component.IsEmpty || component.SequenceEqual("."u8))
            {
                continue;
            }

            if (component.SequenceEqual(".."u8))
            {
                if (components.Count == 0)
                {
                    throw Unsafe(name, "climbs above the root");
                }

                components.RemoveAt(components.Count - 1);
                continue;
            }

            if (component.Length > MaxComponent && !IsLongWhiteout(component))
            {
                throw Unsafe(name, $"has a component of {component.Length} bytes; at most {MaxComponent} are allowed");
            }

            components.Add(range);
            if (components.Count > maxDepth)
            {
                throw new LayerException(
                    LayerErrorKind.LimitExceeded,
                    $"'{Show(name)}' stands more than {maxDepth} directories deep.",
                    Encoding.UTF8.GetString(name));
            }
        }

        if (components.Count == 0)
        {
            return new EntryPath([], []);
        }

        var parent = new List<byte>(name.Length);
        foreach (Range range in components[..^1])
        {
            if (parent.Count > 0)
            {
                parent.Add((byte)'/');
            }

            parent.AddRange(name[range]);
        }

        return new EntryPath([.. parent], name[components[^1]].ToArray());
    }

    // Of a whiteout only the name that it removes has to be one that a file can have; as a directory it is refused elsewhere.
    private static bool IsLongWhiteout(ReadOnlySpan<byte> component) =>
        component.StartsWith(Whiteout.Prefix) && component.Length <= MaxComponent + Whiteout.Prefix.Length;

    private static string Show(ReadOnlySpan<byte> name) => Excerpt.Of(Encoding.UTF8.GetString(name));

    private static LayerException Unsafe(ReadOnlySpan<byte> name, string fault) =>
        new(LayerErrorKind.Unsafe, $"The name '{Show(name)}' {fault}.", Excerpt.Of(Encoding.UTF8.GetString(name)));
}
