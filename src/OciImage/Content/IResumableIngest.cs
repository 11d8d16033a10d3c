namespace OciImage.Content;

/// <summary>What more an ingest may be able to do than take bytes in: a capability of a <see cref="ContentIngest"/>.</summary>
public interface IResumableIngest
{
    /// <summary>Gets the time when the ingest was started; opening it again does not change it.</summary>
    DateTimeOffset StartedAt { get; }

    /// <summary>Gets the number of bytes that are expected, or <see langword="null"/> where nobody said.</summary>
    long? Total { get; }

    /// <summary>Says how many bytes are expected. A commit of another number is refused.</summary>
    /// <param name="total">The number of bytes, or <see langword="null"/> when it is not known any more.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>A task that ends when the number is kept with the ingest.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative, or fewer bytes than were taken in.</exception>
    /// <exception cref="InvalidOperationException">The ingest was committed or aborted.</exception>
    ValueTask SetTotalAsync(long? total, CancellationToken cancellationToken = default);

    /// <summary>Goes back to an offset; the bytes after it are gone.</summary>
    /// <param name="length">The number of bytes that stay.</param>
    /// <param name="cancellationToken">Cancels the change before it begins.</param>
    /// <returns>A task that ends when <see cref="ContentIngest.Offset"/> is the length.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative, or more than was taken in.</exception>
    /// <exception cref="InvalidOperationException">The ingest was committed or aborted.</exception>
    ValueTask TruncateAsync(long length, CancellationToken cancellationToken = default);

    /// <summary>Makes what was taken in survive a power cut, so that it is resumed from there. Without it, a store may start over.</summary>
    /// <param name="cancellationToken">Cancels the flush before it begins.</param>
    /// <returns>A task that ends when the bytes are flushed.</returns>
    /// <exception cref="IOException">The device failed; the bytes are lost and the ingest is gone.</exception>
    /// <exception cref="InvalidOperationException">The ingest was committed or aborted.</exception>
    ValueTask FlushAsync(CancellationToken cancellationToken = default);

    /// <summary>Makes the content visible, if it has the digest and the size of a descriptor.</summary>
    /// <param name="expected">What the content must be.</param>
    /// <param name="cancellationToken">Cancels the commit; the ingest is then as it was.</param>
    /// <returns>A task that ends when the content is visible.</returns>
    /// <exception cref="ContentVerificationException">The content is another; the ingest is as it was and can be aborted.</exception>
    /// <exception cref="InvalidOperationException">The ingest was committed or aborted.</exception>
    ValueTask CommitAsync(Descriptor expected, CancellationToken cancellationToken = default);
}
