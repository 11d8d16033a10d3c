using System.Buffers;
using OciImage.Content;

namespace OciImage.Engines;

/// <summary>Writes content into a containerd: not at all where it is there, and only its rest where a part is.</summary>
internal sealed class ContentWriter(ContainerdConnection connection, LeaseSlot leases)
{
    // containerd takes 16 MiB; a message has one buffer on each side.
    private const int ChunkSize = 1024 * 1024;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AbortLimit = TimeSpan.FromSeconds(10);

    /// <summary>Writes content; returns whether it was there already.</summary>
    /// <param name="descriptor">What the content is.</param>
    /// <param name="content">The content.</param>
    /// <param name="labels">The labels that it gets where it is new.</param>
    /// <param name="diffId">Learns the layer's DiffID as the bytes pass, or <see langword="null"/>.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    public async Task<bool> WriteAsync(
        Descriptor descriptor, ReplayableContent content, IReadOnlyDictionary<string, string> labels, DiffIdReader? diffId,
        CancellationToken cancellationToken)
    {
        string reference = $"ocimage-{descriptor.Digest}";
        bool mayResume = true;
        while (true)
        {
            WriteSession? session = await OpenAsync(descriptor, reference, cancellationToken).ConfigureAwait(false);
            if (session is null)
            {
                return true;
            }

            using (session)
            {
                bool isResumed = session.Offset > 0;
                try
                {
                    if (isResumed && (!mayResume || session.Offset > descriptor.Size))
                    {
                        // A part of something else: dropped below, and begun again.
                    }
                    else
                    {
                        await TransferAsync(session, descriptor, content, labels, diffId, cancellationToken).ConfigureAwait(false);
                        return false;
                    }
                }
                catch (EngineException exception) when (exception.Kind == EngineErrorKind.AlreadyExists)
                {
                    return true;
                }
                catch (EngineException exception) when (exception.Kind == EngineErrorKind.Conflict && isResumed && mayResume)
                {
                    // What an earlier writer left was not the start of this content.
                }
                catch (EngineException exception) when (exception.Kind is EngineErrorKind.Unreachable or EngineErrorKind.NoAnswer)
                {
                    throw;
                }
                catch
                {
                    session.Dispose();
                    await AbortAsync(reference).ConfigureAwait(false);
                    throw;
                }
            }

            await AbortAsync(reference).ConfigureAwait(false);
            if (!mayResume)
            {
                throw connection.Socket.Error(
                    EngineErrorKind.Busy, $"Cannot write '{descriptor.Digest}': somebody else writes it at '{connection.Socket.Path}'.");
            }

            mayResume = false;
        }
    }

    /// <summary>Drops what was written under a reference, and says so to nobody when that fails: the lease's end drops it too.</summary>
    public async Task AbortAsync(string reference)
    {
        try
        {
            await connection.AskAsync(
                "drop what was written",
                options => connection.Content.AbortAsync(new Protocol.AbortRequest { Ref = reference }, options),
                null,
                CancellationToken.None,
                TimeSpan.FromTicks(Math.Min(AbortLimit.Ticks, connection.Options.Timeout.Ticks))).ConfigureAwait(false);
        }
        catch (EngineException)
        {
        }
    }

    // Returns null where the content is there. The lock of a writer that died is let go when containerd sees its stream end.
    private async Task<WriteSession?> OpenAsync(Descriptor descriptor, string reference, CancellationToken cancellationToken)
    {
        TimeProvider time = connection.Options.TimeProvider;
        long start = time.GetTimestamp();
        TimeSpan pause = FirstPause;
        while (true)
        {
            try
            {
                string? lease = await leases.GetAsync(cancellationToken).ConfigureAwait(false);
                return await WriteSession.OpenAsync(
                    connection, $"write '{descriptor.Digest}'", reference, lease, descriptor, cancellationToken).ConfigureAwait(false);
            }
            catch (EngineException exception) when (exception.Kind == EngineErrorKind.AlreadyExists)
            {
                return null;
            }
            catch (EngineException exception) when (
                exception.Kind == EngineErrorKind.Busy && time.GetElapsedTime(start) < connection.Options.LockTimeout)
            {
                await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    private static async Task TransferAsync(
        WriteSession session, Descriptor descriptor, ReplayableContent content, IReadOnlyDictionary<string, string> labels,
        DiffIdReader? diffId, CancellationToken cancellationToken)
    {
        Digest? known = null;

        // Where another namespace has the content, containerd says at once that it has every byte.
        if (session.Offset < descriptor.Size || descriptor.Size == 0)
        {
            DiffIdReader? reader = session.Offset == 0 ? diffId : null;
            await SendAsync(session, descriptor, content, reader, cancellationToken).ConfigureAwait(false);
            known = reader is null ? null : await reader.CompleteAsync().ConfigureAwait(false);
        }

        if (known is { } value)
        {
            labels = new Dictionary<string, string>(labels) { [ContentLabels.Uncompressed] = value.ToString() };
        }

        await session.CommitAsync(descriptor.Size, descriptor.Digest.ToString(), labels, cancellationToken).ConfigureAwait(false);
    }

    private static async Task SendAsync(
        WriteSession session, Descriptor descriptor, ReplayableContent content, DiffIdReader? diffId, CancellationToken cancellationToken)
    {
        bool isWhole = session.Offset == 0;
        Stream source = await content.OpenAsync(session.Offset, cancellationToken).ConfigureAwait(false);
        if (isWhole && !(source is ContentStream verified && verified.Position == 0 && verified.Length == descriptor.Size &&
            verified.Descriptor.Digest == descriptor.Digest))
        {
            source = new ContentStream(source, descriptor);
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkSize);
        try
        {
            while (true)
            {
                int count = await source
                    .ReadAtLeastAsync(buffer.AsMemory(0, ChunkSize), ChunkSize, throwOnEndOfStream: false, cancellationToken)
                    .ConfigureAwait(false);
                if (count == 0)
                {
                    break;
                }

                if (session.Offset + count > descriptor.Size)
                {
                    throw new ContentVerificationException(
                        descriptor, $"Content '{descriptor.Digest}' has more than the promised {descriptor.Size} bytes.");
                }

                if (diffId is not null)
                {
                    await diffId.AddAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                }

                await session.AppendAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            await source.DisposeAsync().ConfigureAwait(false);
        }

        if (session.Offset != descriptor.Size)
        {
            throw new ContentVerificationException(
                descriptor, $"Content '{descriptor.Digest}' ended after {session.Offset} of {descriptor.Size} bytes.");
        }
    }
}
