namespace OciImage.Tar;

/// <summary>What an extended header says of a sparse file, in GNU's formats 0.0, 0.1 and 1.0.</summary>
internal sealed class PaxSparse
{
    private const int MaxExtents = 65_536;

    private readonly List<long> _numbers = [];
    private long? _major;
    private long? _minor;
    private long? _extents;

    public byte[]? Name { get; private set; }

    public long? RealSize { get; private set; }

    /// <summary>Gets whether the map stands in front of the data.</summary>
    public bool MapIsInData => _major == 1 && _minor == 0;

    public bool IsSparse => _major is not null || _minor is not null || _numbers.Count > 0;

    /// <summary>Gets whether the version is one of the three; 0.1 and 0.0 may go without.</summary>
    public bool IsKnownVersion => (_major, _minor) is (null, null) or (0, 0 or 1) or (1, 0);

    /// <summary>Gets the offsets and lengths that stand in the header.</summary>
    /// <exception cref="LayerException">There are not as many as the header says.</exception>
    public IReadOnlyList<long> Numbers => _extents is null || 2 * _extents == _numbers.Count
        ? _numbers
        : throw TarFault.Malformed($"A sparse map claims {_extents} extents and has {_numbers.Count} numbers.");

    public void Add(string key, ReadOnlySpan<byte> value)
    {
        switch (key)
        {
            case "major":
                _major = Number(key, value);
                break;
            case "minor":
                _minor = Number(key, value);
                break;
            case "name":
                if (value.Contains((byte)0))
                {
                    throw TarFault.Malformed("A sparse file's name has a NUL.");
                }

                Name = value.IsEmpty ? null : value.ToArray();
                break;
            case "size" or "realsize":
                RealSize = Number(key, value);
                break;
            case "numblocks":
                _extents = Number(key, value);
                break;
            case "offset" or "numbytes":
                // Format 0.0 has the records in turn; one missing would shift all that follow.
                if ((key == "offset") != (_numbers.Count % 2 == 0))
                {
                    throw TarFault.Malformed("A sparse map's offsets and lengths do not alternate.");
                }

                AddNumber(value);
                break;
            case "map":
                _numbers.Clear();
                if (value.IsEmpty)
                {
                    break;
                }

                foreach (Range range in value.Split((byte)','))
                {
                    AddNumber(value[range]);
                }

                break;
        }
    }

    private void AddNumber(ReadOnlySpan<byte> value)
    {
        if (_numbers.Count >= 2 * MaxExtents)
        {
            throw TarFault.Limit($"A sparse map has more than {MaxExtents} extents.");
        }

        _numbers.Add(Number("map", value));
    }

    private static long Number(string key, ReadOnlySpan<byte> value) =>
        !value.IsEmpty && TarNumber.TryReadDecimal(value, out long number) && number >= 0
            ? number
            : throw TarFault.Malformed($"A sparse map has a '{Excerpt.Of(key)}' that is no number.");
}
