using Microsoft.Extensions.Time.Testing;
using OciImage.Content;
using OciImage.TestKit;

namespace OciImage.Tests.Content;

public sealed class ContentProgressTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ListProgress _progress = new();
    private readonly MemoryStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 10)] // a thousand reads of a millisecond
    [InlineData(50, 500)] // every second read
    [InlineData(100, 1000)] // every read
    public async Task Transfer_ReportsAtMostTenTimesASecond(int millisecondsARead, int reports)
    {
        byte[] bytes = TestContent.Bytes(1000);
        Descriptor blob = await TestImage.PushAsync(_store, TestContent.Unknown, bytes);
        var source = new RecordingSource(_store)
        {
            Change = (_, stream) => new ClockedStream(stream, _time, TimeSpan.FromMilliseconds(millisecondsARead)),
        };

        await ContentCopy.CopyAsync(source, new RecordingStore(), blob, Options(), Token);

        ContentProgress[] moving =
            [.. _progress.Reports.Where(report => report.State == ContentProgressState.Transferring)];
        Assert.Equal(reports, moving.Length);
        Assert.True(moving.Select(report => report.BytesTransferred).SequenceEqual(
            moving.Select(report => report.BytesTransferred).Order()));
        Assert.Equal(new ContentProgress(blob, 1000, ContentProgressState.Completed), _progress.Reports.Last());
    }

    [Fact]
    public async Task Copy_ReportsTheEndOfEveryPiece()
    {
        Descriptor image = await TestContent.PushImageAsync(_store, "a");
        var target = new RecordingStore();

        await ContentCopy.CopyGraphAsync(new RecordingSource(_store), target, image, "a", Options(), Token);
        int completed = _progress.Count(ContentProgressState.Completed);
        _progress.Reports.Clear();
        await ContentCopy.CopyGraphAsync(new RecordingSource(_store), target, image, "a", Options(), Token);
        await ContentCopy.CopyGraphAsync(new RecordingSource(_store), target, image, "b", Options(), Token);

        Assert.Equal(4, completed);
        Assert.Equal(2, _progress.Count(ContentProgressState.AlreadyPresent));
        Assert.All(_progress.Reports, report => Assert.Equal(image, report.Descriptor));
    }

    [Fact]
    public async Task Transfer_ThatGoesOn_ReportsWhereItIs()
    {
        byte[] bytes = TestContent.Bytes(1000);
        Descriptor blob = await TestImage.PushAsync(_store, TestContent.Unknown, bytes);
        var content = new TransferContent(_store, blob, Options());

        await using Stream stream = await content.OpenAsync(900, Token);
        _time.Advance(TimeSpan.FromSeconds(1));
        await stream.ReadExactlyAsync(new byte[50], Token);

        Assert.Equal([950], _progress.Reports.Select(report => report.BytesTransferred));
    }

    private CopyOptions Options() => new() { Progress = _progress, TimeProvider = _time };

    /// <summary>Gives a byte a read, and time passes with each.</summary>
    private sealed class ClockedStream(Stream inner, FakeTimeProvider time, TimeSpan step) : ForwardStream(inner)
    {
        public override int Read(Span<byte> buffer)
        {
            int read = Inner.Read(buffer[..1]);
            time.Advance(read * step);

            return read;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(Read(buffer.Span));
    }
}
