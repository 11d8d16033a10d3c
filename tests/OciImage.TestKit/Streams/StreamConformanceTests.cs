#pragma warning disable CA2022 // Single reads are what these tests are about.
using Xunit;

namespace OciImage.TestKit;

/// <summary>What holds for every stream that only reads forward. The tests of each such stream derive from it.</summary>
public abstract class StreamConformanceTests
{
    /// <summary>Gets the sizes that are tried: nothing, one byte, less than a buffer, more than several.</summary>
    public static TheoryData<int> Sizes => [0, 1, 1000, 300_000];

    /// <summary>Gets whether reading after the end of the stream's life is refused.</summary>
    protected virtual bool RefusesReadsWhenDisposed => true;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Makes the stream, which gives exactly these bytes.</summary>
    protected abstract Stream Open(byte[] content);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Read_GivesAllBytesAndThenNothing(int size)
    {
        byte[] content = TestContent.Bytes(size);
        using Stream stream = Open(content);
        var result = new MemoryStream();
        byte[] buffer = new byte[777];

        for (int read; (read = stream.Read(buffer.AsSpan())) > 0;)
        {
            result.Write(buffer.AsSpan(0, read));
        }

        Assert.Equal(content, result.ToArray());
        Assert.Equal(0, stream.Read(buffer, 0, buffer.Length));
        Assert.Equal(-1, stream.ReadByte());
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task ReadAsync_GivesAllBytesAndThenNothing(int size)
    {
        byte[] content = TestContent.Bytes(size);
        await using Stream stream = Open(content);
        var result = new MemoryStream();
        byte[] buffer = new byte[777];

        for (int read; (read = await stream.ReadAsync(buffer, Token)) > 0;)
        {
            result.Write(buffer.AsSpan(0, read));
        }

        Assert.Equal(content, result.ToArray());
        Assert.Equal(0, await stream.ReadAsync(buffer, Token));
#pragma warning disable CA1835 // The old overload is what this line is about.
        Assert.Equal(0, await stream.ReadAsync(buffer, 0, buffer.Length, Token));
#pragma warning restore CA1835
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void CopyTo_GivesAllBytes(int size)
    {
        byte[] content = TestContent.Bytes(size);
        using Stream stream = Open(content);
        var result = new MemoryStream();

        stream.CopyTo(result);

        Assert.Equal(content, result.ToArray());
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task CopyToAsync_GivesAllBytes(int size)
    {
        byte[] content = TestContent.Bytes(size);
        await using Stream stream = Open(content);
        var result = new MemoryStream();

        await stream.CopyToAsync(result, Token);

        Assert.Equal(content, result.ToArray());
    }

    [Fact]
    public void ReadByte_GivesEachByte()
    {
        byte[] content = TestContent.Bytes(300);
        using Stream stream = Open(content);

        int[] bytes = [.. Enumerable.Range(0, 301).Select(_ => stream.ReadByte())];

        Assert.Equal([.. content.Select(value => (int)value), -1], bytes);
    }

    [Fact]
    public async Task Read_OfNoBytes_LosesNone()
    {
        byte[] content = TestContent.Bytes(100);
        await using Stream stream = Open(content);
        byte[] buffer = new byte[100];

        int none = stream.Read([]);
        int noneAsync = await stream.ReadAsync(Memory<byte>.Empty, Token);
        await stream.ReadExactlyAsync(buffer, Token);

        Assert.Equal((0, 0), (none, noneAsync));
        Assert.Equal(content, buffer);
    }

    [Fact]
    public async Task Read_RefusesRangesOutsideTheBuffer()
    {
        await using Stream stream = Open(TestContent.Bytes(10));
        byte[] buffer = new byte[4];

        Assert.Throws<ArgumentNullException>(() => stream.Read(null!, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Read(buffer, -1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Read(buffer, 2, 3));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => stream.ReadAsync(buffer, 2, 3, Token));
    }

    [Fact]
    public async Task ReadAsync_WithACancelledToken_LosesNothing()
    {
        byte[] content = TestContent.Bytes(1000);
        await using Stream stream = Open(content);
        byte[] buffer = new byte[1000];

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await stream.ReadAsync(buffer, new CancellationToken(canceled: true)));
        await stream.ReadExactlyAsync(buffer, Token);

        Assert.Equal(content, buffer);
    }

    [Fact]
    public void Stream_OnlyReadsForward()
    {
        using Stream stream = Open(TestContent.Bytes(10));

        Assert.Equal((true, false, false), (stream.CanRead, stream.CanSeek, stream.CanWrite));
        Assert.Throws<NotSupportedException>(() => stream.Seek(0, SeekOrigin.Begin));
        Assert.Throws<NotSupportedException>(() => stream.SetLength(0));
        Assert.Throws<NotSupportedException>(() => stream.Position = 0);
        Assert.Throws<NotSupportedException>(() => stream.Write([1], 0, 1));
        stream.Flush();
    }

    [Fact]
    public async Task Dispose_MayBeRepeatedAndEndsReading()
    {
        Stream stream = Open(TestContent.Bytes(10));

        stream.Dispose();
        stream.Dispose();
        await stream.DisposeAsync();

        if (RefusesReadsWhenDisposed)
        {
            Assert.False(stream.CanRead);
            Assert.Throws<ObjectDisposedException>(() => stream.Read(new byte[1], 0, 1));
            await Assert.ThrowsAsync<ObjectDisposedException>(async () => await stream.ReadAsync(new byte[1], Token));
        }
    }
}
