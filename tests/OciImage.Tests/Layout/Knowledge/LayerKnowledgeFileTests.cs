using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;

namespace OciImage.Tests.Layout.Knowledge;

/// <summary>The file of known layers: many writers, damage, other users, and an end to its size.</summary>
public sealed class LayerKnowledgeFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string FilePath => _directory.Combine("layers");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task FindLayersAsync_FindsWhatAnotherInstanceRemembered()
    {
        KnownLayer zstd = Layer(1, "zstd-3");
        KnownLayer gzip = Layer(2) with { DiffId = zstd.DiffId };
        var writer = new LayerKnowledgeFile(FilePath);
        var reader = new LayerKnowledgeFile(FilePath);
        Assert.Empty(await reader.FindLayersAsync(zstd.DiffId, Token));

        await writer.RememberLayerAsync(zstd, Token);
        Assert.Equal([zstd], await reader.FindLayersAsync(zstd.DiffId, Token));
        await writer.RememberLayerAsync(gzip, Token);

        Assert.Equal([zstd, gzip], await reader.FindLayersAsync(zstd.DiffId, Token));
        Assert.Empty(await reader.FindLayersAsync(zstd.Digest, Token));
    }

    [Fact]
    public async Task RememberLayerAsync_KeepsOneLineForEachLayer()
    {
        var file = new LayerKnowledgeFile(FilePath);
        KnownLayer made = Layer(1, "gzip-6");

        await file.RememberLayerAsync(made with { Recipe = null }, Token);
        await file.RememberLayerAsync(made, Token);
        await file.RememberLayerAsync(made, Token);
        await file.RememberLayerAsync(made with { Recipe = null }, Token);

        Assert.Equal([made], await file.FindLayersAsync(made.DiffId, Token));
        Assert.Equal(3, (await File.ReadAllLinesAsync(FilePath, Token)).Length);
    }

    [Fact]
    public async Task RememberLayerAsync_ByManyWritersLosesNothingThatWasWritten()
    {
        KnownLayer[] layers = [.. Enumerable.Range(0, 40).Select(i => Layer(i, "zstd-3"))];

        await Parallel.ForEachAsync(
            layers, Token, async (layer, token) =>
            {
                // A writer gives up where others are at it all the time, so it is asked until it is known.
                var file = new LayerKnowledgeFile(FilePath);
                while ((await file.FindLayersAsync(layer.DiffId, token)).Count == 0)
                {
                    await file.RememberLayerAsync(layer, token);
                }
            });

        var reader = new LayerKnowledgeFile(FilePath);
        foreach (KnownLayer layer in layers)
        {
            Assert.Equal([layer], await reader.FindLayersAsync(layer.DiffId, Token));
        }
    }

    // A crash in the middle of a line, and a disk that changed a byte.
    [Theory]
    [InlineData(-20)]
    [InlineData(-1)]
    public async Task RememberLayerAsync_GoesOnAfterATornLine(int cut)
    {
        var file = new LayerKnowledgeFile(FilePath);
        await file.RememberLayerAsync(Layer(1), Token);
        await file.RememberLayerAsync(Layer(2), Token);
        byte[] bytes = await File.ReadAllBytesAsync(FilePath, Token);
        using (FileStream torn = File.OpenWrite(FilePath))
        {
            torn.SetLength(bytes.Length + cut);
        }

        await file.RememberLayerAsync(Layer(3), Token);

        Assert.Single(await file.FindLayersAsync(Layer(1).DiffId, Token));
        Assert.Single(await file.FindLayersAsync(Layer(3).DiffId, Token));
        Assert.Equal(cut == -1 ? 1 : 0, (await file.FindLayersAsync(Layer(2).DiffId, Token)).Count);
    }

    [Fact]
    public async Task FindLayersAsync_PassesOverALineWithAChangedByte()
    {
        var file = new LayerKnowledgeFile(FilePath);
        await file.RememberLayerAsync(Layer(1), Token);
        await file.RememberLayerAsync(Layer(2), Token);
        string text = await File.ReadAllTextAsync(FilePath, Token);
        string digest = Layer(1).Digest.Encoded;
        char other = digest[0] == 'a' ? 'b' : 'a';

        await WriteOwnAsync(text.Replace(digest, other + digest[1..], StringComparison.Ordinal));

        Assert.Empty(await file.FindLayersAsync(Layer(1).DiffId, Token));
        Assert.Single(await file.FindLayersAsync(Layer(2).DiffId, Token));
    }

    [Theory]
    [InlineData("something else\n")]
    [InlineData("ociimage-layers 2\n")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")]
    public async Task RememberLayerAsync_BeginsAnewWhereTheFileIsAnother(string content)
    {
        await WriteOwnAsync(content);
        var file = new LayerKnowledgeFile(FilePath);
        Assert.Empty(await file.FindLayersAsync(Layer(1).DiffId, Token));

        await file.RememberLayerAsync(Layer(1), Token);

        Assert.Equal([Layer(1)], await file.FindLayersAsync(Layer(1).DiffId, Token));
        Assert.Single(Directory.GetFiles(_directory.Path));
    }

    // Whoever packs up a layout for others could choose the layers of what they convert.
    [Fact]
    public async Task FindLayersAsync_BelievesNoCopyOfAFile()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs inodes.");
        string copy = Path.Combine(_directory.Path, "copy");
        await new LayerKnowledgeFile(FilePath).RememberLayerAsync(Layer(1), Token);
        File.Copy(FilePath, copy); // with its mode

        var file = new LayerKnowledgeFile(copy);
        Assert.Empty(await file.FindLayersAsync(Layer(1).DiffId, Token));
        await file.RememberLayerAsync(Layer(2), Token);

        Assert.Empty(await file.FindLayersAsync(Layer(1).DiffId, Token));
        Assert.Single(await file.FindLayersAsync(Layer(2).DiffId, Token));
    }

    [Fact]
    public async Task RememberLayerAsync_KeepsTheNewerHalfOfAFullFile()
    {
        await new LayerKnowledgeFile(FilePath).RememberLayerAsync(Layer(0, "zstd-3"), Token);
        var text = new System.Text.StringBuilder(await File.ReadAllTextAsync(FilePath, Token));
        int count = 1;
        while (text.Length < (4 * 1024 * 1024) - 300)
        {
            text.Append(KnowledgeLine.Write(Layer(count++, "zstd-3"))).Append('\n');
        }

        await WriteOwnAsync(text.ToString());
        var file = new LayerKnowledgeFile(FilePath);
        for (int i = count; i < count + 5; i++)
        {
            await file.RememberLayerAsync(Layer(i, "zstd-3"), Token);
        }

        Assert.Empty(await file.FindLayersAsync(Layer(0).DiffId, Token));
        Assert.Single(await file.FindLayersAsync(Layer(count - 1).DiffId, Token));
        Assert.Single(await file.FindLayersAsync(Layer(count + 4).DiffId, Token));
        Assert.InRange(new FileInfo(FilePath).Length, 0, 3 * 1024 * 1024);
    }

    [Fact]
    public async Task FindLayersAsync_ReadsNothingOfAFileThatIsTooLarge()
    {
        using (FileStream large = File.Create(FilePath))
        {
            large.SetLength(10L << 30);
        }

        var file = new LayerKnowledgeFile(FilePath);
        Assert.Empty(await file.FindLayersAsync(Layer(1).DiffId, Token));
        await file.RememberLayerAsync(Layer(1), Token);

        Assert.Single(await file.FindLayersAsync(Layer(1).DiffId, Token));
    }

    // Whoever can write the file would choose the layers of converted images.
    [Theory]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public async Task FindLayersAsync_BelievesNoFileThatOthersCanWrite(UnixFileMode mode)
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("Needs Linux.");
            return;
        }

        var file = new LayerKnowledgeFile(FilePath);
        await file.RememberLayerAsync(Layer(1), Token);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
        File.SetUnixFileMode(FilePath, File.GetUnixFileMode(FilePath) | mode);

        Assert.Empty(await file.FindLayersAsync(Layer(1).DiffId, Token));
        await file.RememberLayerAsync(Layer(2), Token);

        Assert.Empty(await file.FindLayersAsync(Layer(1).DiffId, Token));
        Assert.Single(await file.FindLayersAsync(Layer(2).DiffId, Token));
    }

    [Fact]
    public async Task RememberLayerAsync_FollowsNoLink()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs Linux.");
        string victim = _directory.WriteFile("victim", "kept");
        File.CreateSymbolicLink(FilePath, victim);
        var file = new LayerKnowledgeFile(FilePath);

        await file.RememberLayerAsync(Layer(1), Token);

        Assert.Empty(await file.FindLayersAsync(Layer(1).DiffId, Token));
        Assert.Equal("kept", await File.ReadAllTextAsync(victim, Token));
    }

    [Fact]
    public async Task RememberLayerAsync_ToleratesAPlaceThatCannotBeWritten()
    {
        Directory.CreateDirectory(FilePath);
        var file = new LayerKnowledgeFile(FilePath);
        var below = new LayerKnowledgeFile(Path.Combine(_directory.WriteFile("a-file", ""), "layers"));

        await file.RememberLayerAsync(Layer(1), Token);
        await below.RememberLayerAsync(Layer(1), Token);

        Assert.Empty(await file.FindLayersAsync(Layer(1).DiffId, Token));
        Assert.Empty(await below.FindLayersAsync(Layer(1).DiffId, Token));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-with space")]
    [InlineData("line\nbreak")]
    public async Task RememberLayerAsync_WritesNoRecipeThatIsNone(string recipe)
    {
        var file = new LayerKnowledgeFile(FilePath);

        await file.RememberLayerAsync(Layer(1) with { Recipe = recipe }, Token);

        Assert.False(File.Exists(FilePath));
    }

    // Looking at an image must not write into a directory that is not ours.
    [Fact]
    public async Task RememberLayerAsync_WritesNothingIntoAForeignLayout()
    {
        OciLayout layout = await OciLayout.OpenOrCreateAsync(_directory.Combine("layout"), cancellationToken: Token);
        Directory.Delete(_directory.Combine("layout", ".ociimage"), recursive: true);

        await layout.RememberLayerAsync(Layer(1), Token);

        Assert.False(Directory.Exists(_directory.Combine("layout", ".ociimage")));
    }

    private static KnownLayer Layer(int seed, string? recipe = null) => new(
        Digest.Compute(BitConverter.GetBytes(seed)), Digest.Compute(BitConverter.GetBytes(~seed)), seed + 10, recipe);

    private async Task WriteOwnAsync(string content)
    {
        await File.WriteAllTextAsync(FilePath, content, Token);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(FilePath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
