using System.Text;

namespace OciImage.Tar;

/// <summary>The records of an extended header that mean something for the next entry.</summary>
internal sealed class PaxRecords
{
    private const int MaxXattrs = 10_000;

    private readonly Dictionary<string, byte[]> _xattrs = new(StringComparer.Ordinal);

    public byte[]? Path { get; private set; }

    public byte[]? LinkPath { get; private set; }

    public long? Size { get; private set; }

    public long? Uid { get; private set; }

    public long? Gid { get; private set; }

    public TarTimestamp? ModifiedTime { get; private set; }

    public string? UserName { get; private set; }

    public string? GroupName { get; private set; }

    public PaxSparse Sparse { get; } = new();

    public IReadOnlyList<TarXattr> Xattrs => _xattrs.Count == 0
        ? []
        : [.. _xattrs.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => new TarXattr(Encoding.Latin1.GetBytes(pair.Key), pair.Value))];

    /// <summary>Reads the records of a header: each its own length in decimal, a blank, "key=value" and a line end.</summary>
    public static PaxRecords Parse(ReadOnlySpan<byte> bytes)
    {
        var records = new PaxRecords();
        while (!bytes.IsEmpty)
        {
            int blank = bytes.IndexOf((byte)' ');
            if (blank is < 1 or > 10 || !TarNumber.TryReadDecimal(bytes[..blank], out long length) ||
                length < blank + 4 || length > bytes.Length || bytes[(int)length - 1] != '\n')
            {
                throw TarFault.Malformed("An extended header has a record whose length is wrong.");
            }

            ReadOnlySpan<byte> record = bytes[(blank + 1)..((int)length - 1)];
            int equals = record.IndexOf((byte)'=');
            if (equals < 1)
            {
                throw TarFault.Malformed("An extended header has a record without a key.");
            }

            if (record[..equals].Contains((byte)0))
            {
                throw TarFault.Malformed("An extended header has a key with a NUL.");
            }

            // Latin-1 keeps every byte of a key, so that attributes with any name survive.
            records.Add(Encoding.Latin1.GetString(record[..equals]), record[(equals + 1)..]);
            bytes = bytes[(int)length..];
        }

        return records;
    }

    private void Add(string key, ReadOnlySpan<byte> value)
    {
        switch (key)
        {
            case "path":
                Path = Text(key, value);
                break;
            case "linkpath":
                LinkPath = Text(key, value);
                break;
            case "uname":
                UserName = Text(key, value) is { } user ? Encoding.UTF8.GetString(user) : null;
                break;
            case "gname":
                GroupName = Text(key, value) is { } group ? Encoding.UTF8.GetString(group) : null;
                break;
            case "size":
                Size = Number(key, value);
                break;
            case "uid":
                Uid = Number(key, value);
                break;
            case "gid":
                Gid = Number(key, value);
                break;
            case "mtime":
                ModifiedTime = Time(key, value);
                break;
            case "atime" or "ctime":
                _ = Time(key, value);
                break;
            default:
                if (PaxXattr.TryRead(key, value, out string name, out byte[] content))
                {
                    AddXattr(name, content);
                }
                else if (key.StartsWith("GNU.sparse.", StringComparison.Ordinal))
                {
                    Sparse.Add(key["GNU.sparse.".Length..], value);
                }

                break;
        }
    }

    private void AddXattr(string name, byte[] value)
    {
        if (name.Length == 0)
        {
            throw TarFault.Malformed("An extended header has an attribute without a name.");
        }

        // An empty value takes back what an earlier record said (POSIX pax, "Extended Header Keyword Precedence").
        if (value.Length == 0)
        {
            _xattrs.Remove(name);
            return;
        }

        if (_xattrs.Count >= MaxXattrs)
        {
            throw TarFault.Limit($"An entry has more than {MaxXattrs} attributes.");
        }

        _xattrs[name] = value;
    }

    private static byte[]? Text(string key, ReadOnlySpan<byte> value)
    {
        if (value.Contains((byte)0))
        {
            throw TarFault.Malformed($"An extended header has a NUL in '{key}'.");
        }

        return value.IsEmpty ? null : value.ToArray();
    }

    private static long? Number(string key, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            return null;
        }

        return TarNumber.TryReadDecimal(value, out long number)
            ? number
            : throw TarFault.Malformed($"An extended header has a '{key}' that is no number.");
    }

    private static TarTimestamp? Time(string key, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            return null;
        }

        return TarNumber.TryReadTime(value, out TarTimestamp time)
            ? time
            : throw TarFault.Malformed($"An extended header has a '{key}' that is no time.");
    }
}
