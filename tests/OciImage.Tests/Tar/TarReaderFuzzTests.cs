using CsCheck;
using OciImage.Tar;

namespace OciImage.Tests.Tar;

public sealed class TarReaderFuzzTests
{
    private static readonly TarReaderOptions Limits = new() { MaxSparseSize = 1 << 20, MaxEntries = 10_000 };

    /// <summary>One archive that has everything.</summary>
    private static readonly byte[] Archive = new RawTar()
        .PaxOfType('g', ("comment", "x"))
        .Pax(("path", "long/name"), ("mtime", "1.5"), ("uid", "70000"), ("SCHILY.xattr.user.a", "\0\n="), ("size", "5"))
        .File("file", "hello")
        .Extended('L', new string('l', 600) + "\0")
        .Extended('K', "target\0")
        .Header("symbolic", '2')
        .Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "12"), ("GNU.sparse.name", "s"))
        .Header("sparse", '0', 517)
        .Content("2\n4\n3\n9\n2\n" + new string('\0', 502) + "abcde")
        .Pax(("GNU.sparse.size", "12"), ("GNU.sparse.numblocks", "2"), ("GNU.sparse.map", "4,3,9,2"))
        .File("sparse", "abcde")
        .Header("old", 'S', 5, block =>
        {
            RawTar.Put(block, 257, "ustar  \0");
            RawTar.Put(block, 386, "00000000004\0" + "00000000005\0");
            RawTar.Put(block, 483, "00000000014");
        })
        .Content("abcde")
        .Header("device", '3')
        .Header("directory/", '5')
        .End();

    [Fact]
    public async Task Archive_IsWellFormed() => Assert.Equal(7, (await RawTar.ReadAsync(Archive, Limits)).Rows.Count);

    // With a right checksum: otherwise nearly every change would be found at once.
    [Fact]
    public Task Mutation_ThrowsNothingElse() => Mutations.SampleAsync(
        async changes =>
        {
            byte[] bytes = [.. Archive];
            foreach ((int at, byte value) in changes)
            {
                bytes[at] = value;
                byte[] block = bytes[(at & ~511)..((at & ~511) + 512)];
                if (block.AsSpan(257, 5).SequenceEqual("ustar"u8))
                {
                    RawTar.PutChecksum(block);
                    block.CopyTo(bytes, at & ~511);
                }
            }

            await ReadOrRefuseAsync(bytes);
        },
        iter: 5000);

    [Fact]
    public Task Noise_ThrowsNothingElse() => Gen.Byte.Array[0, 3000].SampleAsync(
        ReadOrRefuseAsync,
        iter: 500);

    [Fact]
    public Task Records_OfNoiseThrowNothingElse() => Gen.Char["0123456789 =\npathsize.,-\0\u00FF"].Array[0, 60].SampleAsync(
        characters => ReadOrRefuseAsync(new RawTar().Extended('x', new string(characters)).Header("a").End()),
        iter: 2000);

    private static Gen<(int, byte)[]> Mutations => Gen.Select(
            Gen.Int[0, Archive.Length - 1],
            Gen.OneOf(Gen.Byte, Gen.Char["0179 xgLKS-"].Select(c => (byte)c)))
        .Array[1, 6];

    private static async Task ReadOrRefuseAsync(byte[] archive)
    {
        try
        {
            await RawTar.ReadAsync(archive, Limits);
        }
        catch (LayerException)
        {
        }
    }
}
