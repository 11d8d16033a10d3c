namespace OciImage.Tar;

/// <summary>A time of an entry, to the nanosecond.</summary>
/// <param name="Seconds">The seconds since 1970-01-01T00:00:00Z, which may be negative.</param>
/// <param name="Nanoseconds">The nanoseconds after that second: 0 to 999 999 999.</param>
public readonly record struct TarTimestamp(long Seconds, int Nanoseconds) : IComparable<TarTimestamp>
{
    /// <summary>Makes a timestamp of a time, to the 100 nanoseconds.</summary>
    /// <param name="time">The time.</param>
    /// <returns>The timestamp.</returns>
    public static TarTimestamp FromDateTimeOffset(DateTimeOffset time)
    {
        long ticks = time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        (long seconds, long rest) = Math.DivRem(ticks, TimeSpan.TicksPerSecond);
        if (rest < 0)
        {
            seconds--;
            rest += TimeSpan.TicksPerSecond;
        }

        return new TarTimestamp(seconds, (int)rest * 100);
    }

    /// <summary>Compares two timestamps in time.</summary>
    public static bool operator <(TarTimestamp left, TarTimestamp right) => left.CompareTo(right) < 0;

    /// <summary>Compares two timestamps in time.</summary>
    public static bool operator >(TarTimestamp left, TarTimestamp right) => left.CompareTo(right) > 0;

    /// <summary>Compares two timestamps in time.</summary>
    public static bool operator <=(TarTimestamp left, TarTimestamp right) => left.CompareTo(right) <= 0;

    /// <summary>Compares two timestamps in time.</summary>
    public static bool operator >=(TarTimestamp left, TarTimestamp right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public int CompareTo(TarTimestamp other) =>
        (Seconds, Nanoseconds).CompareTo((other.Seconds, other.Nanoseconds));
}
