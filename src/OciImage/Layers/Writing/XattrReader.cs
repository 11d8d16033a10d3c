using OciImage.Linux;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Reads the extended attributes that a layer can carry.</summary>
internal static unsafe class XattrReader
{
    private const int MaxSize = 64 * 1024;
    private const int MaxTotal = 1_000_000;
    private const int MaxCount = 10_000;
    private const int RecordSize = 40;

    /// <summary>Returns the attributes of a name in ordinal order. Empty ones have no form in an archive and are left out.</summary>
    public static TarXattr[] Read(DirectoryHandle directory, byte[] name, LeftOut? leftOut)
    {
        fixed (byte* file = directory.ProcPath(name))
        {
            nint length = Libc.ListLinkXattrs(file, null, 0);
            if (length <= 0)
            {
                return length == 0 || Libc.LastError is LinuxError.NotSupported or LinuxError.NotFound
                    ? []
                    : throw LinuxError.Of(Libc.LastError, "Listing the attributes of", name);
            }

            byte[] list = new byte[MaxSize];
            fixed (byte* target = list)
            {
                length = Libc.ListLinkXattrs(file, target, list.Length);
            }

            if (length < 0)
            {
                throw LinuxError.Of(Libc.LastError, "Listing the attributes of", name);
            }

            var xattrs = new List<TarXattr>();
            foreach (Range range in list.AsSpan(0, (int)length).Split((byte)0))
            {
                byte[] key = list.AsSpan(0, (int)length)[range].ToArray();
                if (key.Length == 0)
                {
                    continue;
                }

                if (XattrRules.IsLeftOut(key))
                {
                    leftOut?.AddFilteredXattr(name, key);
                }
                else if (ReadValue(file, key, name) is { } value)
                {
                    Add(xattrs, name, key, value, leftOut);
                }
            }

            xattrs.Sort((left, right) => left.Name.Span.SequenceCompareTo(right.Name.Span));
            return DropSurplus(xattrs, name, leftOut);
        }
    }

    // Readers take extended headers of 1 MiB; a name and a target of a link have their share of it.
    private static TarXattr[] DropSurplus(List<TarXattr> xattrs, byte[] name, LeftOut? leftOut)
    {
        long left = MaxTotal;
        var kept = new List<TarXattr>(xattrs.Count);
        foreach (TarXattr xattr in xattrs)
        {
            // A name with '=' needs three bytes for one, and its value four for three.
            long size = RecordSize + (3L * xattr.Name.Length) + (xattr.Value.Length * 4L / 3);
            if (size > left || kept.Count == MaxCount)
            {
                leftOut?.AddSurplusXattr(name, xattr.Name.ToArray());
                continue;
            }

            left -= size;
            kept.Add(xattr);
        }

        return [.. kept];
    }

    private static void Add(List<TarXattr> xattrs, byte[] name, byte[] key, byte[] value, LeftOut? leftOut)
    {
        if (value.Length == 0)
        {
            leftOut?.AddEmptyXattr(name, key);
            return;
        }

        xattrs.Add(new TarXattr(key, value));
    }

    private static byte[]? ReadValue(byte* file, byte[] key, byte[] name)
    {
        byte[] value = new byte[MaxSize];
        fixed (byte* attribute = (byte[])[.. key, 0], target = value)
        {
            nint length = Libc.GetLinkXattr(file, attribute, target, value.Length);
            if (length >= 0)
            {
                return value[..(int)length];
            }

            return Libc.LastError is LinuxError.NoData or LinuxError.NotSupported or LinuxError.NotPermitted or LinuxError.AccessDenied
                ? null
                : throw LinuxError.Of(Libc.LastError, "Reading an attribute of", name);
        }
    }
}
