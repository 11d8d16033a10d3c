namespace OciImage.Registry.Http;

/// <summary>What an upload waits for.</summary>
internal enum PushState
{
    /// <summary>Its own source.</summary>
    Reading,

    /// <summary>The connection.</summary>
    Writing,

    /// <summary>The registry, which has all the bytes.</summary>
    Sent,
}
