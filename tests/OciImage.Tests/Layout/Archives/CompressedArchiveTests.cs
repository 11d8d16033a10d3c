using OciImage.Layout;
using OciImage.TestKit;

namespace OciImage.Tests.Layout.Archives;

/// <summary>Archives in compressions that are only read; other tools wrote them.</summary>
public sealed class CompressedArchiveTests
{
    // An OCI layout with 'content' as its only blob, called v1, as xz and bzip2 wrote it.
    private const string Xz =
        "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4Cf/AVZdADeYyW2w3tKb6/Nr06/K3jI4tPoOzkoZOz47wRnY/VVjG95TBXla/DeD" +
        "3QAov/x0JPqhWQnbGB2cOteM1g7ajtTwKevX0Sa3Bvd9uJdx/679vn1WeTi1UvqzN2cMkltG+2vAD102+1RXMWuj/LVFrLnN" +
        "rHmvwNsAXMwJTnr+hG3RTdDK4V+knwm4J8aF1yUTU7aiSa0m4l6M6vVU8yDvt2Cry1C/KUP0g9cZyr19QxgoZNc4TPCsjQMc" +
        "bHcx7QGlAJ5oXd4rV+9coeP2atAVmmGBq+ML6buIdfHTgfnBPjJlz87m/eoe68u4cSgalBeE1ZJ7e6y1ybkUrQzcu4Btm7w4" +
        "8Ub6puq7AW4aS1KSjP0hrsrZy1i/Pqm0tEWt6tP0dPnuPY+rIII7NWsKO+2+JQjZpisJ3ny8WcgUv7DaqnaO+q5Lyg4HabRL" +
        "PjMBKJ0ficuo6UXNAAAAAOBkQ81/h8hKAAHyAoBQAAAkpypgscRn+wIAAAAABFla";

    private const string Bzip2 =
        "QlpoOTFBWSZTWdJNRoQAATJ/gs+ACABQJ//wAAQFCn/333oAAIgIMAFaiZCVMqMjTTamTIaaNBoDRoDQANTRNM0p6CeoADQA" +
        "AADagkkIFPU/ST9FNqA9EZG0gPU0AxLgeu61PZN/jAk+cQkZy925OXIJurr5lWqECEBiMPLc16lqKlZjcT4iMVUuZn4Jo06O" +
        "u3L3Lm2NyGdjwg7jMnCSxNLwUhioaYkxeft3uQJvG97rik2E472HE4xEMDU81vMhgf5GRRBWrAcRGIV0kSA2aoakxlEkUlZW" +
        "WFROWhE7SwsIHOle02e4oWLdZZ1KK7pEKPaFulhjUr53yMwikpV4kDAEWyzD+lHR8kHLF/1J9pxCZRTvO71yvZIKR+WaHQNN" +
        "JjgmFmM4OqdPC/E2iAJfm3ihOHGVQDVrCxMuQhPyewCkG44oOZ4EqnooZCh2MlAq2RQRMpSlKHJeFRRIGubKP0NddC/nqkqB" +
        "gfxdyRThQkNJNRoQ";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Xz)]
    [InlineData(Bzip2)]
    public async Task Open_ReadsWhatOtherToolsCompressed(string base64)
    {
        byte[] bytes = Convert.FromBase64String(base64);

        await using ImageArchive archive = await ImageArchive.OpenAsync(new MemoryStream(bytes), cancellationToken: Token);
        Descriptor found = await archive.ResolveAsync("v1", Token);

        Assert.True(archive.IsSpooled);
        Assert.Equal("content"u8.ToArray(), await TestContent.ReadAsync(archive, found));
    }

    [Theory]
    [InlineData(Xz)]
    [InlineData(Bzip2)]
    public async Task Open_RefusesACompressedArchiveThatIsCutOff(string base64)
    {
        byte[] bytes = Convert.FromBase64String(base64)[..^100];

        await Assert.ThrowsAsync<LayerException>(async () =>
            await ImageArchive.OpenAsync(new MemoryStream(bytes), cancellationToken: Token));
    }
}
