using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace OciImage.Cli.Commands;

/// <summary>Reads spans of time: a number with <c>s</c>, <c>m</c>, <c>h</c> or <c>d</c>, or 0.</summary>
internal static class Durations
{
    private const int MaxDays = 36_500;

    public static Option<TimeSpan> Option(string name, string description, TimeSpan byDefault) => new(name)
    {
        Description = description,
        HelpName = "24h",
        DefaultValueFactory = _ => byDefault,
        CustomParser = result => Parse(result.Tokens[0].Value) ?? Refuse(result, name),
    };

    public static TimeSpan? Parse(string text)
    {
        if (text == "0")
        {
            return TimeSpan.Zero;
        }

        double seconds = text.Length < 2 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86_400, _ => 0 };
        return seconds > 0 && long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long number) &&
            number * seconds <= MaxDays * 86_400.0
                ? TimeSpan.FromSeconds(number * seconds)
                : null;
    }

    /// <summary>Writes a span as its greatest unit, for people.</summary>
    public static string ToText(TimeSpan time) => time switch
    {
        { TotalDays: >= 2 } => $"{(long)time.TotalDays}d",
        { TotalHours: >= 2 } => $"{(long)time.TotalHours}h",
        { TotalMinutes: >= 2 } => $"{(long)time.TotalMinutes}m",
        _ => $"{(long)Math.Max(0, time.TotalSeconds)}s",
    };

    private static TimeSpan Refuse(ArgumentResult result, string name)
    {
        result.AddError($"'{name}' wants a time such as 90s, 30m, 24h or 7d, not '{result.Tokens[0].Value}'.");
        return default;
    }
}
