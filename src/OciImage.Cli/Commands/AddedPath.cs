using OciImage.Layers;

namespace OciImage.Cli.Commands;

/// <summary>Reads <c>SRC:DEST</c>.</summary>
internal static class AddedPath
{
    // DEST is absolute, so the last ':/' divides, and SRC may hold colons.
    public static LayerInput Parse(string text)
    {
        int divider = text.LastIndexOf(":/", StringComparison.Ordinal);
        if (divider <= 0)
        {
            throw new UsageException($"'--add' wants SRC:DEST with an absolute DEST, such as 'bin:/usr/bin', not '{text}'.");
        }

        string source = text[..divider];

        return Path.Exists(source)
            ? new LayerInput(source, text[(divider + 1)..])
            : throw new FileNotFoundException($"'{source}' of '--add' does not exist.", source);
    }
}
