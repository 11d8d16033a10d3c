namespace OciImage.Engines;

/// <summary>An answer's body, each part of which must come in time.</summary>
internal sealed class DockerBodyStream(DockerConnection connection, string action, Stream inner) : EngineStream
{
    /// <summary>Gets or sets how long the next part may take, where it is longer than usual.</summary>
    public TimeSpan Limit { get; set; } = connection.Options.Timeout;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var watch = new IdleWatch(Limit, connection.Options.TimeProvider, cancellationToken);
        try
        {
            return await inner.ReadAsync(buffer, watch.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or OperationCanceledException)
        {
            throw connection.Translate(action, exception, Limit, cancellationToken);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
