#pragma warning disable CA2022 // Single reads are what these tests are about.
using OciImage.Content;
using OciImage.TestKit;

namespace OciImage.Tests.Content;

public sealed class ContentStreamTests : StreamConformanceTests
{
    private static readonly Descriptor Hello = TestContent.Describe("hello");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Lies => new()
    {
        { "hello", "hullo" }, // other bytes
        { "hello", "hell" }, // one byte less
        { "hello", "hello!" }, // one byte more
        { "hello", "" }, // nothing
        { "", "x" }, // something where nothing was promised
        { "h", "x" }, // the first read is the last
    };

    [Fact]
    public void Constructor_RefusesNull()
    {
        Assert.Throws<ArgumentNullException>(() => new ContentStream(null!, Hello));
        Assert.Throws<ArgumentNullException>(() => new ContentStream(Stream.Null, null!));
    }

    [Fact]
    public void Constructor_RefusesADigestThatCannotBeVerified()
    {
        Descriptor foreign = Hello with { Digest = Digest.Parse("blake3:abcd") };

        var error = Assert.Throws<ContentVerificationException>(() => new ContentStream(Stream.Null, foreign));

        Assert.Equal(foreign, error.Descriptor);
    }

    [Theory]
    [InlineData(Digest.Sha256)]
    [InlineData(Digest.Sha512)]
    public void Read_OfTheLastByte_Verifies(string algorithm)
    {
        Descriptor descriptor = TestContent.Describe("hello", algorithm: algorithm);
        using var stream = new ContentStream(TestContent.Open("hello"), descriptor);

        stream.ReadExactly(new byte[4]);
        bool before = stream.IsVerified;
        stream.ReadExactly(new byte[1]);

        Assert.False(before);
        Assert.True(stream.IsVerified);
        Assert.Equal((5, 5), (stream.Position, stream.Length));
    }

    [Theory]
    [MemberData(nameof(Lies))]
    public void Read_ThrowsNoLaterThanTheLastByte(string promised, string actual)
    {
        Descriptor descriptor = TestContent.Describe(promised);
        using var stream = new ContentStream(TestContent.Open(actual), descriptor);
        byte[] buffer = new byte[64];

        var error = Assert.Throws<ContentVerificationException>(() =>
        {
            while (stream.Position < promised.Length || promised.Length == 0)
            {
                Array.Clear(buffer);
                stream.Read(buffer.AsSpan());
            }
        });

        Assert.Equal(descriptor, error.Descriptor);
        Assert.False(stream.IsVerified);
        Assert.All(buffer, value => Assert.Equal(0, value)); // a failing read hands nothing out
        Assert.Throws<ContentVerificationException>(() => stream.Read(buffer.AsSpan()));
        Assert.Throws<ContentVerificationException>(() => stream.ReadByte());
    }

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task ReadAsync_ThrowsNoLaterThanTheLastByte(string promised, string actual)
    {
        Descriptor descriptor = TestContent.Describe(promised);
        await using var stream = new ContentStream(new TrickleStream(TestContent.Open(actual)), descriptor);

        var error = await Assert.ThrowsAsync<ContentVerificationException>(
            () => stream.CopyToAsync(Stream.Null, Token));

        Assert.Equal(descriptor, error.Descriptor);
        Assert.False(stream.IsVerified);
        await Assert.ThrowsAsync<ContentVerificationException>(async () => await stream.ReadAsync(new byte[1], Token));
        await Assert.ThrowsAsync<ContentVerificationException>(async () => await stream.CompleteAsync(Token));
    }

    [Fact]
    public void Read_OfASourceThatNeverEnds_StopsAtTheFirstByteTooMany()
    {
        using var endless = new EndlessStream();
        using var stream = new ContentStream(endless, Hello);

        Assert.Throws<ContentVerificationException>(() => stream.CopyTo(Stream.Null)); // R04

        Assert.Equal(6, endless.BytesGiven);
    }

    [Fact]
    public void Read_OfASourceThatClaimsMoreThanItWasAsked_IsRefused()
    {
        using var stream = new ContentStream(new BoastfulStream(), Hello);

        Assert.ThrowsAny<ArgumentException>(() => stream.Read(new byte[3].AsSpan()));
        Assert.Throws<IOException>(() => stream.Read(new byte[3].AsSpan()));
    }

    [Fact]
    public async Task ReadAsync_AfterAFailureBetweenReads_GoesOn()
    {
        var source = new ThrowingStream(TestContent.Open("hello"), after: 2, new IOException("reset"), once: true);
        await using var stream = new ContentStream(source, Hello);
        await stream.ReadExactlyAsync(new byte[2], Token);

        await Assert.ThrowsAsync<IOException>(async () => await stream.ReadAsync(new byte[3], Token));
        await stream.CompleteAsync(Token);

        Assert.True(stream.IsVerified);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ReadAsync_AfterAFailureThatLostBytes_NeverEndsQuietly(bool cancelled)
    {
        // The last byte has come, the question whether it is the last fails.
        Exception fault = cancelled ? new OperationCanceledException() : new IOException("reset");
        await using var stream = new ContentStream(
            new ThrowingStream(TestContent.Open("hello"), after: 5, fault, once: true), Hello);
        byte[] buffer = new byte[5];

        await Assert.ThrowsAsync(fault.GetType(), async () => await stream.ReadAsync(buffer, Token));

        Assert.Equal(new byte[5], buffer);
        Assert.False(stream.IsVerified);
        await Assert.ThrowsAsync<IOException>(async () => await stream.ReadAsync(buffer, Token));
        Assert.Throws<IOException>(() => stream.Read(buffer.AsSpan()));
        await Assert.ThrowsAsync<IOException>(async () => await stream.CompleteAsync(Token));
    }

    [Fact]
    public async Task CompleteAsync_ReadsWhatIsLeft()
    {
        await using var stream = new ContentStream(TestContent.Open("hello"), Hello);
        stream.ReadByte();

        await stream.CompleteAsync(Token);
        await stream.CompleteAsync(Token);

        Assert.True(stream.IsVerified);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    public async Task ReadToEndAsync_GivesVerifiedBytes(string text)
    {
        await using var stream = new ContentStream(TestContent.Open(text), TestContent.Describe(text));

        byte[] bytes = await stream.ReadToEndAsync(text.Length, Token);

        Assert.Equal(TestContent.Bytes(text), bytes);
        Assert.True(stream.IsVerified);
    }

    [Fact]
    public async Task ReadToEndAsync_GrowsWithWhatArrives()
    {
        byte[] content = TestContent.Bytes(1_000_001);
        await using var stream = new ContentStream(
            new TrickleStream(new MemoryStream(content), 10_000), Descriptor.Create(TestContent.Unknown, content));

        byte[] bytes = await stream.ReadToEndAsync(int.MaxValue, Token);

        Assert.Equal(content, bytes);
    }

    [Fact]
    public async Task ReadToEndAsync_RefusesMoreThanIsAllowed()
    {
        await using var stream = new ContentStream(TestContent.Open("hello"), Hello);

        await Assert.ThrowsAsync<ContentVerificationException>(async () => await stream.ReadToEndAsync(4, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await stream.ReadToEndAsync(-1, Token));
    }

    [Fact]
    public async Task ReadToEndAsync_OfAGreatPromise_AllocatesLittle() // M07
    {
        Descriptor promise = Hello with { Size = int.MaxValue - 100 };
        await using var stream = new ContentStream(TestContent.Open("hello"), promise);
        long before = GC.GetAllocatedBytesForCurrentThread();

        await Assert.ThrowsAsync<ContentVerificationException>(async () => await stream.ReadToEndAsync(int.MaxValue, Token));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024 * 1024);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Dispose_ClosesTheSourceUnlessItStaysOpen(bool leaveOpen)
    {
        var source = new TrickleStream(TestContent.Open("hello"));

        new ContentStream(source, Hello, leaveOpen).Dispose();

        Assert.Equal(!leaveOpen, source.IsDisposed);
        source.Dispose();
    }

    [Fact]
    public async Task Dispose_NeverThrows()
    {
        new ContentStream(new ThrowingDisposeStream(TestContent.Open("hello")), Hello).Dispose();
        await new ContentStream(new ThrowingDisposeStream(TestContent.Open("hello")), Hello).DisposeAsync();
    }

    [Fact]
    public void Over_VerifiesOnceWhatVerifiesItself()
    {
        using var stream = new ContentStream(TestContent.Open("hello"), Hello);
        using var other = new ContentStream(TestContent.Open("hullo"), TestContent.Describe("hullo"));

        using ContentStream same = ContentStream.Over(stream, Hello);
        using ContentStream wrapped = ContentStream.Over(other, Hello);

        Assert.Same(stream, same);
        Assert.Throws<ContentVerificationException>(() => wrapped.CopyTo(Stream.Null)); // R01
    }

    protected override Stream Open(byte[] content) =>
        new ContentStream(new TrickleStream(new MemoryStream(content), 1009), Descriptor.Create(TestContent.Unknown, content));

    private sealed class EndlessStream() : ForwardStream(Null)
    {
        public long BytesGiven { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            BytesGiven += buffer.Length;
            return buffer.Length;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(Read(buffer.Span));
    }

    private sealed class BoastfulStream() : ForwardStream(Null)
    {
        public override int Read(Span<byte> buffer) => buffer.Length + 1;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(buffer.Length + 1);
    }
}
