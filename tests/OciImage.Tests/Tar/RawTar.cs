using System.Globalization;
using System.Text;
using OciImage.Tar;

namespace OciImage.Tests.Tar;

/// <summary>Builds archives byte by byte, also such as no writer would make.</summary>
internal sealed class RawTar
{
    private readonly List<byte> _bytes = [];

    /// <summary>Adds a header; <paramref name="change"/> may spoil it before the checksum is put in.</summary>
    public RawTar Header(string name, char typeFlag = '0', long size = 0, Action<byte[]>? change = null)
    {
        byte[] block = new byte[512];
        Put(block, 0, name);
        Put(block, 100, "0000644");
        Put(block, 108, "0000000");
        Put(block, 116, "0000000");
        Put(block, 124, Convert.ToString(size, 8).PadLeft(11, '0'));
        Put(block, 136, "00000000000");
        block[156] = (byte)typeFlag;
        Put(block, 257, "ustar\0" + "00");
        change?.Invoke(block);
        PutChecksum(block);
        _bytes.AddRange(block);

        return this;
    }

    public RawTar File(string name, string content, char typeFlag = '0') =>
        Header(name, typeFlag, content.Length).Content(content);

    /// <summary>Adds an extended header of these records.</summary>
    public RawTar Pax(params (string Key, string Value)[] records) => PaxOfType('x', records);

    public RawTar PaxOfType(char typeFlag, params (string Key, string Value)[] records) =>
        Extended(typeFlag, string.Concat(records.Select(record => Record(record.Key, record.Value))));

    /// <summary>Adds an extended header whose content is given as it is, in Latin-1.</summary>
    public RawTar Extended(char typeFlag, string content) =>
        Header("extended", typeFlag, content.Length).Content(content);

    /// <summary>Adds content with its padding, in Latin-1.</summary>
    public RawTar Content(string content)
    {
        _bytes.AddRange(Encoding.Latin1.GetBytes(content));
        _bytes.AddRange(new byte[-content.Length & 511]);

        return this;
    }

    public RawTar Raw(ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public byte[] Open() => [.. _bytes];

    public byte[] End()
    {
        _bytes.AddRange(new byte[1024]);
        return [.. _bytes];
    }

    public static string Record(string key, string value)
    {
        int rest = key.Length + value.Length + 3;
        int length = rest + 1;
        while (length != rest + Digits(length))
        {
            length = rest + Digits(length);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{length} {key}={value}\n");
    }

    public static void Put(byte[] block, int offset, string text) =>
        Encoding.Latin1.GetBytes(text).CopyTo(block, offset);

    public static void PutChecksum(byte[] block, bool signed = false)
    {
        block.AsSpan(148, 8).Fill((byte)' ');
        long sum = block.Sum(b => signed ? (sbyte)b : (long)b);
        Put(block, 148, Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ");
    }

    /// <summary>Reads an archive to its end, contents included.</summary>
    public static Task<TarListing> ReadAsync(byte[] archive, TarReaderOptions? options = null) =>
        ReadAsync(new MemoryStream(archive), options);

    public static async Task<TarListing> ReadAsync(Stream archive, TarReaderOptions? options = null)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        using var reader = new TarReader(archive, options);
        var entries = new List<TarListing.Row>();
        while (await reader.ReadNextAsync(token) is { } entry)
        {
            IReadOnlyList<TarExtent>? extents = reader.Extents;
            var content = new MemoryStream();
            byte[] buffer = new byte[1000];
            // Huge files are there to be refused or passed over, not to be held in memory.
            while (entry.Size <= 64 * 1024 * 1024 && await reader.ReadContentAsync(buffer, token) is > 0 and int read)
            {
                content.Write(buffer, 0, read);
            }

            entries.Add(new(entry, content.ToArray(), extents));
        }

        await reader.DrainAsync(token);
        return new TarListing(entries, reader.Oddities);
    }

    private static int Digits(int number) => number.ToString(CultureInfo.InvariantCulture).Length;
}
