using System.Text;

namespace OciImage.Tests.Layers;

/// <summary>Changes headers into what no writer of ours would write.</summary>
internal static class RawHeader
{
    public delegate void Change(Span<byte> header);

    /// <summary>Changes one header and makes its checksum right again.</summary>
    public static void Patch(Span<byte> header, Change change)
    {
        change(header);
        header.Slice(148, 8).Fill((byte)' ');
        int sum = 0;
        foreach (byte value in header)
        {
            sum += value;
        }

        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(header[148..]);
    }
}
