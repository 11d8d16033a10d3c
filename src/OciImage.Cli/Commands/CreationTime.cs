using System.Globalization;
using OciImage.Cli.Terminal;

namespace OciImage.Cli.Commands;

/// <summary>Reads the time of an image.</summary>
internal static class CreationTime
{
    private const string Variable = "SOURCE_DATE_EPOCH";

    /// <summary>Reads RFC 3339, <c>now</c> or seconds since 1970; the environment's time or 1970 where nothing is given.</summary>
    public static DateTimeOffset Parse(string? text, ITerminal terminal)
    {
        if (text == "now")
        {
            return terminal.Time.GetUtcNow();
        }

        if (text is not null)
        {
            return Read(text) ?? throw new UsageException(
                $"'--created' wants RFC 3339 such as '2026-01-31T12:00:00Z', 'now' or seconds since 1970, not '{text}'.");
        }

        return terminal.GetVariable(Variable) is { Length: > 0 } epoch
            ? ReadSeconds(epoch) ?? throw new UsageException($"{Variable} wants seconds since 1970, not '{epoch}'.")
            : DateTimeOffset.UnixEpoch;
    }

    private static DateTimeOffset? Read(string text) =>
        ReadSeconds(text) ??
        (DateTimeOffset.TryParseExact(
            text,
            ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"],
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out DateTimeOffset time)
            ? time
            : null);

    private static DateTimeOffset? ReadSeconds(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) &&
        seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;
}
