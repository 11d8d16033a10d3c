using OciImage.Content;
using OciImage.Layout;
using OciImage.TestKit;
using OciImage.Tests.Content;

namespace OciImage.Tests.Layout;

/// <summary>Blobs that are fetched in parts at the same time. A mebibyte makes 16 parts of 64 KiB here, of which 4 are fetched at once.</summary>
public sealed class ParallelRangeTests : IDisposable
{
    private const int PartLength = 64 * 1024;
    private const int Parts = 16;

    private static readonly byte[] Bytes = TestContent.Bytes(Parts * PartLength);

    private readonly TemporaryDirectory _directory = new();
    private readonly ListProgress _progress = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(0, Digest.Sha256)]
    [InlineData(-1, Digest.Sha256)] // the last part is shorter
    [InlineData(-PartLength + 1, Digest.Sha512)]
    public async Task Copy_FetchesEveryPartOnce(int more, string algorithm)
    {
        var source = new RangedSource(Bytes[..(Bytes.Length + more)], algorithm);

        OciLayout layout = await CopyAsync(source);

        Assert.Equal(Bytes[..(Bytes.Length + more)], await TestContent.ReadAsync(layout, source.Content));
        Assert.Equal(0, source.Opened);
        int next = 0;
        foreach ((int offset, int length) in source.Asked.Order())
        {
            Assert.Equal(next, offset);
            next += length;
        }

        Assert.Equal(source.Content.Size, next);
        Assert.InRange(source.Asked.Count, 16, 17);
        AssertNothingUnfinished(source);
    }

    [Theory]
    [InlineData(1, 1024)] // one part at a time is none
    [InlineData(4, Parts * PartLength + 1)] // below the threshold
    public async Task Copy_OfSmallContentIsOneStream(int ranges, int threshold)
    {
        var source = new RangedSource(Bytes);

        await CopyAsync(source, new CopyOptions { RangesPerBlob = ranges, ParallelRangeThreshold = threshold });

        Assert.Empty(source.Asked);
        Assert.Equal(1, source.Opened);
    }

    [Theory]
    [InlineData(0)] // the source gives no parts
    [InlineData(1)] // another server behind the same name gives none
    [InlineData(9)]
    public async Task Copy_WhereAPartIsRefusedIsOneStream(int refused)
    {
        var source = new RangedSource(Bytes) { OnAsk = (nth, _, _) => Task.FromResult(nth != refused) };

        OciLayout layout = await CopyAsync(source);

        Assert.Equal(Bytes, await TestContent.ReadAsync(layout, source.Content));
        Assert.Equal(1, source.Opened);
        Assert.True(refused > 0 || source.Asked.Count == 1);
        AssertNothingUnfinished(source);
    }

    [Fact]
    public async Task Copy_AsksForOthersOnlyWhenTheFirstPartWasGiven()
    {
        int askedMeanwhile = 0;
        RangedSource source = null!;
        source = new RangedSource(Bytes)
        {
            OnAsk = async (nth, _, _) =>
            {
                for (int i = 0; nth == 0 && i < 100; i++)
                {
                    await Task.Yield();
                    askedMeanwhile = source.Asked.Count;
                }

                return true;
            },
        };

        await CopyAsync(source);

        Assert.Equal(1, askedMeanwhile);
        Assert.Equal((0, PartLength), source.Asked.First());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    public async Task Copy_HasAsManyPartsOpenAsWereAskedFor(int ranges)
    {
        var all = new TaskCompletionSource();
        RangedSource source = null!;
        source = new RangedSource(Bytes)
        {
            Change = (_, _, stream) =>
            {
                if (source.Open >= ranges)
                {
                    all.TrySetResult();
                }

                return new GatedStream(stream, all.Task);
            },
        };

        await CopyAsync(source, new CopyOptions { RangesPerBlob = ranges, ParallelRangeThreshold = 1024, MaxConcurrency = 1 });

        Assert.Equal(ranges == 1 ? 0 : ranges, source.MostOpen);
    }

    [Fact]
    public async Task Copy_ReadsNoHoleOfTheFile()
    {
        var others = new TaskCompletionSource();
        RangedSource source = null!;
        source = new RangedSource(Bytes)
        {
            OnAsk = (nth, _, _) =>
            {
                if (nth == Parts - 1)
                {
                    others.SetResult();
                }

                return Task.FromResult(true);
            },
            Change = (_, offset, stream) => offset == 0 ? new GatedStream(stream, others.Task) : stream,
        };

        OciLayout layout = await CopyAsync(source);

        Assert.Equal(Bytes, await TestContent.ReadAsync(layout, source.Content));
    }

    [Fact]
    public async Task Copy_GoesOnWhereAPartBrokeOff()
    {
        var source = new RangedSource(Bytes)
        {
            Change = (_, offset, stream) => offset % PartLength == 0
                ? new ThrowingStream(stream, after: 10_000, new IOException("reset"))
                : stream,
        };

        OciLayout layout = await CopyAsync(source);

        Assert.Equal(Bytes, await TestContent.ReadAsync(layout, source.Content));
        Assert.Equal(2 * Parts, source.Asked.Count);
        Assert.Contains((10_000, PartLength - 10_000), source.Asked);
        AssertNothingUnfinished(source);
    }

    [Fact]
    public async Task Copy_GoesOnAsLongAsThereIsProgress()
    {
        byte[] bytes = TestContent.Bytes(16 * 1024 * 1024);
        var source = new RangedSource(bytes)
        {
            Change = (_, _, stream) => new ThrowingStream(stream, after: 100_000, new IOException("reset")),
        };

        OciLayout layout = await CopyAsync(source);

        Assert.Equal(bytes, await TestContent.ReadAsync(layout, source.Content));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)] // a few bytes each time are no progress
    public async Task Copy_GivesUpAfterThreeFailuresWithoutProgress(int after)
    {
        var source = new RangedSource(Bytes)
        {
            Change = (_, offset, stream) => offset / PartLength == 5
                ? new ThrowingStream(stream, after, new IOException("reset"))
                : stream,
        };

        var error = await Assert.ThrowsAsync<IOException>(() => CopyAsync(source));

        Assert.Equal(("reset", CopySide.Source), (error.Message, CopyFailure.GetSide(error)));
        Assert.Equal(3, source.Asked.Count(part => part.Offset / PartLength == 5));
        await AssertNothingVisibleAsync(source);
    }

    [Fact]
    public async Task Copy_ThrowsARefusalAtOnce()
    {
        var source = new RangedSource(Bytes)
        {
            OnAsk = (nth, _, _) => nth == 3 ? throw new RegistryException("Not yours.") : Task.FromResult(true),
        };

        var error = await Assert.ThrowsAsync<RegistryException>(() => CopyAsync(source));

        Assert.Equal(CopySide.Source, CopyFailure.GetSide(error));
        await AssertNothingVisibleAsync(source);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7 * PartLength)]
    [InlineData(15 * PartLength)]
    public async Task Copy_RefusesAPartOfOtherBytes(int offset)
    {
        var source = new RangedSource(Bytes)
        {
            Change = (_, part, stream) => part == offset ? new MemoryStream(new byte[PartLength]) : stream,
        };

        var error = await Assert.ThrowsAsync<ContentVerificationException>(() => CopyAsync(source));

        Assert.Equal(CopySide.Source, CopyFailure.GetSide(error));
        await AssertNothingVisibleAsync(source);
    }

    [Fact]
    public async Task Copy_OfOtherBytesFromOneOfSeveralPlacesTriesOneStream()
    {
        var source = new RangedSource(Bytes) { Change = (_, _, _) => new MemoryStream(new byte[PartLength]) };
        OciLayout layout = await CreateAsync();

        await ContentCopy.CopyAsync(new AlternateSource(source), layout, source.Content, Options(), Token);

        Assert.Equal(Bytes, await TestContent.ReadAsync(layout, source.Content));
        Assert.Equal(1, source.Opened);
        AssertNothingUnfinished(source);
    }

    [Fact]
    public async Task Copy_TakesShortPartsForBrokenOnes()
    {
        var source = new RangedSource(Bytes) { Claim = length => length > 1 ? length / 2 : length };

        // Each answer is half of what is left, and what is below 64 KiB counts as no progress.
        await Assert.ThrowsAsync<IOException>(() => CopyAsync(source));
        await AssertNothingVisibleAsync(source);

        source = new RangedSource(Bytes) { Claim = length => length == PartLength ? length - 1 : length };
        OciLayout layout = await CopyAsync(source);

        Assert.Equal(Bytes, await TestContent.ReadAsync(layout, source.Content));
        Assert.Contains((PartLength - 1, 1), source.Asked);
    }

    [Fact]
    public async Task Copy_TakesNoMoreThanThePart()
    {
        var source = new RangedSource(Bytes)
        {
            Claim = length => 2 * length,
            Change = (_, offset, _) => new MemoryStream(Bytes, offset, Bytes.Length - offset, writable: false),
        };

        OciLayout layout = await CopyAsync(source);

        Assert.Equal(Bytes, await TestContent.ReadAsync(layout, source.Content));
    }

    [Fact]
    public async Task Copy_OfAnAbsurdSizeLeavesNothing()
    {
        var source = new RangedSource(Bytes);
        OciLayout layout = await CreateAsync();

        await Assert.ThrowsAnyAsync<Exception>(async () => await ContentCopy.CopyAsync(
            source, layout, source.Content with { Size = long.MaxValue }, Options(), Token));

        await AssertNothingVisibleAsync(source);
    }

    [Fact]
    public async Task Copy_ThatIsCancelledLeavesNothing()
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var never = new TaskCompletionSource();
        var source = new RangedSource(Bytes)
        {
            OnAsk = (nth, _, _) =>
            {
                if (nth == 6)
                {
                    cancellation.Cancel();
                }

                return Task.FromResult(true);
            },
            Change = (nth, _, stream) => nth >= 5 ? new GatedStream(stream, never.Task) : stream,
        };
        OciLayout layout = await CreateAsync();

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await ContentCopy.CopyAsync(source, layout, source.Content, Options(), cancellation.Token));

        Assert.Equal(cancellation.Token, error.CancellationToken);
        await AssertNothingVisibleAsync(source);
    }

    [Fact]
    public async Task Copy_ReportsTheSumOfItsParts()
    {
        var source = new RangedSource(Bytes)
        {
            Change = (_, offset, stream) => offset == 0
                ? new ThrowingStream(stream, after: 10_000, new IOException("reset"))
                : stream,
        };
        CopyOptions options = Options();
        options.TimeProvider = new LeapingTime();

        await CopyAsync(source, options);

        long[] moving =
        [
            .. _progress.Reports.Where(report => report.State == ContentProgressState.Transferring)
                .Select(report => report.BytesTransferred),
        ];
        Assert.Equal(moving.Order().Distinct(), moving);
        Assert.Equal(Bytes.Length, moving[^1]);
        Assert.Equal(new ContentProgress(source.Content, Bytes.Length, ContentProgressState.Completed), _progress.Reports.Last());
    }

    [Fact]
    public async Task Copy_FromALayoutIsOneStream()
    {
        var source = new MemoryStore();
        Descriptor blob = await TestImage.PushAsync(source, TestContent.Unknown, Bytes);
        OciLayout first = await CreateAsync("first");
        await ContentCopy.CopyAsync(source, first, blob, Options(), Token);

        // A disk has no latency that parts would make up for.
        Assert.Null(new TransferContent(first, blob, Options()).Ranges);
        Assert.NotNull(new TransferContent(source, blob, Options()).Ranges);
        Assert.Equal(Bytes, await TestContent.ReadAsync(first, blob));
    }

    private CopyOptions Options() => new() { RangesPerBlob = 4, ParallelRangeThreshold = 1024, Progress = _progress };

    private ValueTask<OciLayout> CreateAsync(string name = "layout") => OciLayout.OpenOrCreateAsync(
        _directory.Combine(name), new OciLayoutOptions { Durability = Durability.None }, Token);

    private async Task<OciLayout> CopyAsync(RangedSource source, CopyOptions? options = null)
    {
        OciLayout layout = await CreateAsync();
        await ContentCopy.CopyAsync(source, layout, source.Content, options ?? Options(), Token);

        return layout;
    }

    private async Task AssertNothingVisibleAsync(RangedSource source)
    {
        OciLayout layout = await CreateAsync();
        Assert.False(await layout.ExistsAsync(source.Content, Token));
        Assert.Empty(Directory.GetFiles(_directory.Combine("layout", "blobs"), "*", SearchOption.AllDirectories));
        AssertNothingUnfinished(source);
    }

    private void AssertNothingUnfinished(RangedSource source)
    {
        Assert.Equal(0, source.Open);
        Assert.Empty(Directory.GetFiles(_directory.Combine("layout", ".ociimage"), "*.tmp"));
    }

    /// <summary>Has mirrors, as it says; what is opened as a whole tells which of them lies.</summary>
    private sealed class AlternateSource(RangedSource inner) : IContentFetcher, IContentRangeFetcher, IAlternateSource
    {
        public bool MayDiffer(Descriptor descriptor) => false;

        public ValueTask<ContentStream> OpenReadAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
            inner.OpenReadAsync(descriptor, cancellationToken);

        public ValueTask<UnverifiedRangeStream?> TryOpenRangeAsync(
            Descriptor descriptor, long offset, long length, CancellationToken cancellationToken = default) =>
            inner.TryOpenRangeAsync(descriptor, offset, length, cancellationToken);
    }

    /// <summary>Gives nothing before the gate opens.</summary>
    private sealed class GatedStream(Stream inner, Task gate) : ForwardStream(inner)
    {
        public override int Read(Span<byte> buffer) => throw new NotSupportedException();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await gate.WaitAsync(cancellationToken);
            return await Inner.ReadAsync(buffer, cancellationToken);
        }
    }

    /// <summary>A second passes between any two looks.</summary>
    private sealed class LeapingTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Interlocked.Increment(ref _now);
    }
}
