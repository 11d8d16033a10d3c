using System.Globalization;

namespace OciImage.Bundles;

/// <summary>Goes through the lines of <c>/etc/passwd</c> and <c>/etc/group</c> that the C library would not skip.</summary>
internal ref struct AccountLines(ReadOnlySpan<byte> content)
{
    private ReadOnlySpan<byte> _left = content;

    /// <summary>Gets the line, without white space around it.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    public bool MoveNext()
    {
        while (!_left.IsEmpty)
        {
            int end = _left.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = (end < 0 ? _left : _left[..end]).Trim(" \t\r\v\f"u8);
            _left = end < 0 ? default : _left[(end + 1)..];
            // '+' and '-' ask network databases, which an image has none of.
            if (!line.IsEmpty && line[0] is not ((byte)'#' or (byte)'+' or (byte)'-' or (byte)':'))
            {
                Current = line;
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes the first field off a line; returns whether there was one more after it.</summary>
    public static bool TakeField(scoped ref ReadOnlySpan<byte> line, out ReadOnlySpan<byte> field)
    {
        int end = line.IndexOf((byte)':');
        field = end < 0 ? line : line[..end];
        line = end < 0 ? default : line[(end + 1)..];

        return end >= 0;
    }

    /// <summary>Reads a field as a number that a user or a group can have.</summary>
    public static bool TryNumber(ReadOnlySpan<byte> field, out uint number) =>
        uint.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number != uint.MaxValue;
}
