using OciImage.Linux;
using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Reads the extended attributes that a layer can carry.</summary>
internal static unsafe class XattrReader
{
    private const int MaxSize = 64 * 1024;

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
            return [.. xattrs];
        }
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
