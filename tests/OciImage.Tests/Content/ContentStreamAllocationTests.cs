#pragma warning disable CA2022 // Single reads are what these tests are about.
using OciImage.Content;
using OciImage.TestKit;

namespace OciImage.Tests.Content;

/// <summary>A large blob is thousands of reads: none of them may leave garbage.</summary>
public sealed class ContentStreamAllocationTests
{
    private const int Reads = 500;

#if DEBUG
    // Without optimisation the compiler makes an object of every state machine.
    private const int MostPerAsyncRead = 112;
#else
    private const int MostPerAsyncRead = 0;
#endif

    private static readonly byte[] Content = TestContent.Bytes(Reads * 1024);
    private static readonly Descriptor Described = Descriptor.Create(TestContent.Unknown, Content);

    [Fact]
    public void Read_AllocatesNothing()
    {
        using var stream = new ContentStream(new MemoryStream(Content), Described);
        byte[] buffer = new byte[1024];
        stream.ReadExactly(buffer);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Reads - 2; i++)
        {
            stream.Read(buffer.AsSpan());
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void ReadAsync_ThatCompletesAtOnce_AllocatesNothing()
    {
        using var stream = new ContentStream(new PooledMemoryStream(Content), Described);
        byte[] buffer = new byte[1024];
        stream.ReadExactly(buffer);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Reads - 2; i++)
        {
            ValueTask<int> read = stream.ReadAsync(buffer, CancellationToken.None);
            Assert.True(read.IsCompletedSuccessfully);
            Take(read);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostPerAsyncRead * Reads);
    }

    [Fact]
    public void ReadAsync_ThatCompletesLater_AllocatesNothing()
    {
        using var source = new PendingStream(new MemoryStream(Content));
        using var stream = new ContentStream(source, Described);
        byte[] buffer = new byte[1024];
        long before = 0;

        for (int i = 0; i < Reads - 1; i++)
        {
            // The first reads fill the pool of state machines.
            if (i == 10)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            ValueTask<int> read = stream.ReadAsync(buffer, CancellationToken.None);
            Assert.False(read.IsCompleted);
            source.CompleteRead();
            Take(read);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostPerAsyncRead * Reads);
    }

#pragma warning disable xUnit1031 // It has completed: nothing waits.
    private static void Take(ValueTask<int> read)
    {
        if (!read.IsCompleted || read.GetAwaiter().GetResult() != 1024)
        {
            Assert.Fail("The read gave another number of bytes.");
        }
    }
#pragma warning restore xUnit1031

    private sealed class PooledMemoryStream(byte[] content) : ForwardStream(new MemoryStream(content))
    {
        public override int Read(Span<byte> buffer) => Inner.Read(buffer);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(Inner.Read(buffer.Span));
    }
}
