using System.Buffers;
using System.Globalization;
using System.Text;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Writes and reads one line of a manifest: type, path, then "key=value", with one blank between two of them.</summary>
/// <remarks>Bytes other than visible ASCII, and the backslash, are a backslash and two hexadecimal digits.</remarks>
internal static class TreeManifestLine
{
    public const int MaxPath = 4096;
    public const int MaxTarget = 4095;
    public const int MaxXattrs = 10_000;
    private const int HashSize = 32;

    private static readonly string[] Types = ["file", "", "symlink", "char", "block", "dir", "fifo"];

    public static void Write(IBufferWriter<byte> target, byte[] path, TreeNode node)
    {
        Put(target, Types[(int)node.Type]);
        Put(target, " /");
        PutEscaped(target, path);
        Put(target, $" mode={Convert.ToString(node.Mode, 8)} uid={Text(node.Uid)} gid={Text(node.Gid)} time={TarNumber.FormatTime(node.ModifiedTime)}");
        switch (node.Type)
        {
            case TarEntryType.RegularFile:
                Put(target, $" size={Text(node.Size)} sha256={Convert.ToHexStringLower(node.ContentHash)}");
                break;
            case TarEntryType.SymbolicLink:
                Put(target, " target=");
                PutEscaped(target, node.LinkName);
                break;
            case TarEntryType.CharacterDevice or TarEntryType.BlockDevice:
                Put(target, $" device={Text(node.DeviceMajor)}:{Text(node.DeviceMinor)}");
                break;
        }

        if (node.MayHaveMoreNames)
        {
            Put(target, $" link={node.Identity.Item2.ToString(CultureInfo.InvariantCulture)}");
        }

        foreach (TarXattr xattr in node.Xattrs)
        {
            Put(target, " xattr.");
            PutEscaped(target, xattr.Name.Span);
            Put(target, $"={Convert.ToHexStringLower(xattr.Value.Span)}");
        }
    }

    /// <summary>Reads a line. Not everything that is read is canonical: that shows when it is written again.</summary>
    /// <param name="line">The line without its end.</param>
    /// <param name="alone">The identity that the file has, unless the line says that it has more names.</param>
    /// <param name="path">The path without the slash in front; empty for the root.</param>
    /// <returns>The node, or <see langword="null"/> where the line is malformed.</returns>
    public static TreeNode? TryRead(ReadOnlySpan<byte> line, ulong alone, out byte[] path)
    {
        var fields = new Fields(line);
        path = [];
        int type = Array.IndexOf(Types, Encoding.ASCII.GetString(fields.Next()));
        ReadOnlySpan<byte> shown = fields.Next();
        if (type < 0 || Types[type].Length == 0 || shown is not [(byte)'/', ..] || !TryUnescape(shown[1..], MaxPath, out path) ||
            !fields.TryNumber("mode="u8, 8, 0xFFF, out long mode) ||
            !fields.TryNumber("uid="u8, 10, uint.MaxValue, out long uid) ||
            !fields.TryNumber("gid="u8, 10, uint.MaxValue, out long gid) ||
            !TarNumber.TryReadTime(fields.Value("time="u8), out TarTimestamp time))
        {
            return null;
        }

        (long size, byte[] hash, byte[] target, long major, long minor) = (0, [], [], 0, 0);
        bool isValid = (TarEntryType)type switch
        {
            TarEntryType.RegularFile =>
                fields.TryNumber("size="u8, 10, long.MaxValue, out size) && TryHash(fields.Value("sha256="u8), out hash),
            TarEntryType.SymbolicLink =>
                TryUnescape(fields.Value("target="u8), MaxTarget, out target) && target.Length > 0,
            TarEntryType.CharacterDevice or TarEntryType.BlockDevice =>
                TryDevice(fields.Value("device="u8), out major, out minor),
            _ => true,
        };
        (ulong, ulong) identity = (TreeManifestLinks.Alone, alone);
        if (isValid && type != (int)TarEntryType.Directory && fields.Has("link="u8))
        {
            isValid = fields.TryNumber("link="u8, 10, long.MaxValue, out long number);
            identity = (TreeManifestLinks.Numbered, (ulong)number);
        }

        return isValid && fields.TryXattrs(out List<TarXattr> xattrs)
            ? new TreeNode
            {
                Name = path[(path.AsSpan().LastIndexOf((byte)'/') + 1)..],
                Type = (TarEntryType)type,
                Mode = (int)mode,
                Uid = (uint)uid,
                Gid = (uint)gid,
                ModifiedTime = time,
                Size = size,
                ContentHash = hash,
                LinkName = target,
                DeviceMajor = (uint)major,
                DeviceMinor = (uint)minor,
                Xattrs = xattrs,
                Identity = identity,
                MayHaveMoreNames = identity.Item1 == TreeManifestLinks.Numbered,
            }
            : null;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static void Put(IBufferWriter<byte> target, string text) => Encoding.ASCII.GetBytes(text, target);

    private static void PutEscaped(IBufferWriter<byte> target, ReadOnlySpan<byte> bytes)
    {
        Span<byte> buffer = target.GetSpan(3 * bytes.Length);
        int length = 0;
        foreach (byte value in bytes)
        {
            if (value is > 0x20 and < 0x7F and not (byte)'\\')
            {
                buffer[length++] = value;
                continue;
            }

            buffer[length++] = (byte)'\\';
            buffer[length++] = (byte)"0123456789abcdef"[value >> 4];
            buffer[length++] = (byte)"0123456789abcdef"[value & 0xF];
        }

        target.Advance(length);
    }

    // No name on Linux has a NUL.
    private static bool TryUnescape(ReadOnlySpan<byte> text, int maxLength, out byte[] bytes)
    {
        var result = new ArrayBufferWriter<byte>(Math.Max(1, Math.Min(text.Length, maxLength)));
        bytes = [];
        while (!text.IsEmpty)
        {
            byte value = text[0];
            bool isEscaped = value == '\\';
            if (isEscaped && (text.Length < 3 || !byte.TryParse(text[1..3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)))
            {
                return false;
            }

            if (value == 0 || result.WrittenCount == maxLength)
            {
                return false;
            }

            result.Write([value]);
            text = text[(isEscaped ? 3 : 1)..];
        }

        bytes = result.WrittenSpan.ToArray();
        return true;
    }

    private static bool TryHash(ReadOnlySpan<byte> text, out byte[] hash)
    {
        hash = new byte[HashSize];
        return text.Length == 2 * HashSize && Convert.FromHexString(text, hash, out _, out _) == OperationStatus.Done;
    }

    private static bool TryDevice(ReadOnlySpan<byte> text, out long major, out long minor)
    {
        (major, minor) = (0, 0);
        int colon = text.IndexOf((byte)':');
        return colon > 0 &&
            TarNumber.TryReadDecimal(text[..colon], out major) && major is >= 0 and <= uint.MaxValue &&
            colon + 1 < text.Length && TarNumber.TryReadDecimal(text[(colon + 1)..], out minor) && minor is >= 0 and <= uint.MaxValue;
    }

    private ref struct Fields(ReadOnlySpan<byte> line)
    {
        private ReadOnlySpan<byte> _left = line;

        public ReadOnlySpan<byte> Next()
        {
            int end = _left.IndexOf((byte)' ');
            ReadOnlySpan<byte> field = end < 0 ? _left : _left[..end];
            _left = end < 0 ? default : _left[(end + 1)..];

            return field;
        }

        public readonly bool Has(ReadOnlySpan<byte> key) => _left.StartsWith(key);

        public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> key) => Has(key) ? Next()[key.Length..] : default;

        public bool TryNumber(ReadOnlySpan<byte> key, int radix, long max, out long number)
        {
            ReadOnlySpan<byte> text = Value(key);
            number = 0;
            return !text.IsEmpty && (radix == 8 ? TarNumber.TryReadOctal(text, out number) : TarNumber.TryReadDecimal(text, out number)) &&
                number >= 0 && number <= max;
        }

        public bool TryXattrs(out List<TarXattr> xattrs)
        {
            xattrs = [];
            while (!_left.IsEmpty)
            {
                ReadOnlySpan<byte> field = Value("xattr."u8);
                int equals = field.LastIndexOf((byte)'=');
                if (equals < 1 || xattrs.Count == MaxXattrs ||
                    !TryUnescape(field[..equals], byte.MaxValue, out byte[] name) || !TryHash(field[(equals + 1)..], out byte[] hash) ||
                    (xattrs.Count > 0 && xattrs[^1].Name.Span.SequenceCompareTo(name) >= 0))
                {
                    return false;
                }

                xattrs.Add(new TarXattr(name, hash));
            }

            return true;
        }
    }
}
