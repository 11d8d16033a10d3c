using System.Text;
using OciImage.Linux;

namespace OciImage.Tests.Layers;

/// <summary>Reads extended attributes of what a test unpacked.</summary>
internal static unsafe class TestXattrs
{
    public static byte[]? Read(string path, string name) => Read(Encoding.UTF8.GetBytes(path), name);

    public static byte[]? Read(byte[] path, string name)
    {
        fixed (byte* file = (byte[])[.. path, 0], key = Encoding.UTF8.GetBytes(name + '\0'))
        {
            nint length = Libc.GetLinkXattr(file, key, null, 0);
            byte[] buffer = new byte[Math.Max(length, 1)];
            fixed (byte* value = buffer)
            {
                length = length < 0 ? length : Libc.GetLinkXattr(file, key, value, buffer.Length);
                return length < 0 ? null : buffer[..(int)length];
            }
        }
    }

    public static void Set(string path, string name, byte[] content)
    {
        fixed (byte* file = Encoding.UTF8.GetBytes(path + '\0'), key = Encoding.UTF8.GetBytes(name + '\0'), value = (byte[])[.. content, 0])
        {
            Assert.Equal(0, Libc.SetLinkXattr(file, key, value, content.Length, 0));
        }
    }

    public static string[] List(string path) => List(Encoding.UTF8.GetBytes(path));

    public static string[] List(byte[] path)
    {
        fixed (byte* file = (byte[])[.. path, 0])
        {
            nint length = Libc.ListLinkXattrs(file, null, 0);
            byte[] buffer = new byte[Math.Max(length, 1)];
            fixed (byte* names = buffer)
            {
                length = length <= 0 ? length : Libc.ListLinkXattrs(file, names, buffer.Length);
                return length <= 0 ? [] : Encoding.UTF8.GetString(buffer, 0, (int)length).Split('\0', StringSplitOptions.RemoveEmptyEntries);
            }
        }
    }

    /// <summary>Sets an attribute; returns whether that was possible.</summary>
    public static bool TrySet(string path, string name, byte[] value)
    {
        fixed (byte* file = Encoding.UTF8.GetBytes(path + '\0'), key = Encoding.UTF8.GetBytes(name + '\0'), bytes = value)
        {
            return Libc.SetLinkXattr(file, key, bytes, value.Length, 0) == 0;
        }
    }

    /// <summary>Tells whether the file system has attributes of users.</summary>
    public static bool IsSupported(string directory)
    {
        fixed (byte* file = Encoding.UTF8.GetBytes(directory + '\0'), key = "user.probe\0"u8, value = "1"u8)
        {
            return Libc.SetLinkXattr(file, key, value, 1, 0) == 0 && Libc.RemoveLinkXattr(file, key) == 0;
        }
    }
}
