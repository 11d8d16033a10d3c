using OciImage.Registry.Referrers;

namespace OciImage.Registry.Http;

/// <summary>What was learned of a host by asking it, kept for as long as the client lives.</summary>
internal sealed class HostKnowledge
{
    private const long NoLimit = long.MaxValue;

    // What proxies and registries were seen to allow in one request, from a generous one to the default of a common proxy.
    private static readonly long[] UploadSteps = [64L << 20, 16L << 20, 4L << 20, 1L << 20];

    private long _uploadLimit = NoLimit;

    /// <summary>Gets how many bytes one request may carry; more goes in chunks.</summary>
    public long UploadLimit => Interlocked.Read(ref _uploadLimit);

    /// <summary>Gets or sets whether mounting without a source was refused.</summary>
    public bool RefusesAnonymousMount { get; set; }

    /// <summary>Gets or sets whether the server lists referrers by itself, or <see langword="null"/> where that is not known.</summary>
    public bool? HasReferrersApi { get; set; }

    /// <summary>Gets or sets what the host last said of its rate limit.</summary>
    public RegistryRateLimit? RateLimit { get; set; }

    /// <summary>Gets the changes of fallback tags, one at a time for each tag.</summary>
    public ReferrersUpdates ReferrersUpdates { get; } = new();

    /// <summary>Learns that a request was too large; returns whether a smaller one is worth a try.</summary>
    public bool LearnUploadLimit(long refused)
    {
        foreach (long step in UploadSteps)
        {
            if (step < refused)
            {
                long known = Interlocked.Read(ref _uploadLimit);
                while (step < known)
                {
                    long seen = Interlocked.CompareExchange(ref _uploadLimit, step, known);
                    if (seen == known)
                    {
                        return true;
                    }

                    known = seen;
                }

                // Another upload learned it meanwhile; what was refused was larger than that.
                return known < refused;
            }
        }

        return false;
    }
}
