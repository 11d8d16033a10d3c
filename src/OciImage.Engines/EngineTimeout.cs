namespace OciImage.Engines;

/// <summary>Checks how long something may take.</summary>
internal static class EngineTimeout
{
    public static TimeSpan Check(TimeSpan value) => Check(value, TimeSpan.FromDays(1));

    public static TimeSpan Check(TimeSpan value, TimeSpan most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, most);
        return value;
    }
}
