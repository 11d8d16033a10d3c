namespace OciImage.Layers;

/// <summary>Knows the names by which a layer removes what lower layers have (image-spec 1.1.1, layer.md, "Whiteouts").</summary>
internal static class Whiteout
{
    public static ReadOnlySpan<byte> Prefix => ".wh."u8;

    public static ReadOnlySpan<byte> Opaque => ".wh..wh..opq"u8;

    // Names of AUFS's own bookkeeping, which some old layers still carry.
    private static ReadOnlySpan<byte> Reserved => ".wh..wh."u8;

    /// <summary>Tells what a name removes.</summary>
    /// <param name="name">The last component of an entry's name.</param>
    /// <param name="hidden">The name that a whiteout removes.</param>
    /// <exception cref="LayerException">The whiteout removes nothing that could be: "", "." or "..".</exception>
    public static WhiteoutKind Classify(byte[] name, out byte[] hidden)
    {
        hidden = [];
        ReadOnlySpan<byte> span = name;
        if (!span.StartsWith(Prefix))
        {
            return WhiteoutKind.None;
        }

        if (span.SequenceEqual(Opaque))
        {
            return WhiteoutKind.Opaque;
        }

        if (span.StartsWith(Reserved))
        {
            return WhiteoutKind.Bookkeeping;
        }

        hidden = name[Prefix.Length..];
        if (hidden.Length == 0 || hidden.AsSpan().SequenceEqual("."u8) || hidden.AsSpan().SequenceEqual(".."u8))
        {
            string text = Excerpt.Of(System.Text.Encoding.UTF8.GetString(name));
            throw new LayerException(LayerErrorKind.Unsafe, $"The whiteout '{text}' names nothing that can be removed.", text);
        }

        return WhiteoutKind.Explicit;
    }

    /// <summary>Tells whether a directory is AUFS's own or stands in one that is.</summary>
    /// <exception cref="LayerException">Another component has the prefix; taken literally it could never be packed again.</exception>
    public static bool IsUnderBookkeeping(ReadOnlySpan<byte> parent)
    {
        if (parent.IndexOf(Prefix) < 0)
        {
            return false;
        }

        foreach (Range range in parent.Split((byte)'/'))
        {
            ReadOnlySpan<byte> name = parent[range];
            if (name.StartsWith(Reserved))
            {
                return true;
            }

            if (name.StartsWith(Prefix))
            {
                string text = Excerpt.Of(System.Text.Encoding.UTF8.GetString(parent));
                throw new LayerException(LayerErrorKind.Unsafe, $"An entry stands below a whiteout, in '{text}'.", text);
            }
        }

        return false;
    }
}
