using System.Runtime.InteropServices;

namespace OciImage.Linux;

/// <summary>Lists a directory by bytes, since names need not be UTF-8.</summary>
internal static unsafe class DirectoryListing
{
    /// <summary>Says of an entry that it is a directory, as far as the file system tells.</summary>
    public const byte DirectoryKind = 4;

    private const int BufferSize = 64 * 1024;

    /// <summary>Returns the names and kinds in a directory, in the file system's order.</summary>
    public static List<(byte[] Name, byte Kind)> Read(DirectoryHandle directory)
    {
        // The handle may only stand for a path; listing needs one that reads.
        byte* self = stackalloc byte[] { (byte)'.', 0 };
        int descriptor = Libc.OpenAt(directory.Descriptor, self, Libc.DirectoryOnly | Libc.NoFollow | Libc.CloseOnExec, 0);
        if (descriptor < 0)
        {
            throw LinuxError.Of(Libc.LastError, "Listing", "a directory"u8);
        }

        byte* buffer = (byte*)NativeMemory.Alloc(BufferSize);
        try
        {
            var entries = new List<(byte[], byte)>();
            long length;
            while ((length = Libc.GetDents64(descriptor, buffer, BufferSize)) > 0)
            {
                Add(new ReadOnlySpan<byte>(buffer, (int)length), entries);
            }

            return length == 0 ? entries : throw LinuxError.Of(Libc.LastError, "Listing", "a directory"u8);
        }
        finally
        {
            NativeMemory.Free(buffer);
            _ = Libc.Close(descriptor);
        }
    }

    // struct linux_dirent64: inode (8), offset (8), length (2), kind (1), name with a NUL.
    private static void Add(ReadOnlySpan<byte> records, List<(byte[], byte)> entries)
    {
        while (!records.IsEmpty)
        {
            int length = MemoryMarshal.Read<ushort>(records[16..]);
            ReadOnlySpan<byte> name = records[19..length];
            name = name[..name.IndexOf((byte)0)];
            if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
            {
                entries.Add((name.ToArray(), records[18]));
            }

            records = records[length..];
        }
    }
}
