using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OciImage.Json;

/// <summary>Reads and writes RFC 3339 as Go does: up to nine digits of a second, <c>Z</c> for no offset.</summary>
/// <remarks>
/// What is finer than a tick is cut off. Times that RFC 3339 can write and <see cref="DateTimeOffset"/> cannot hold (the year
/// 0, or the first hours of the year 1 east of Greenwich) are read as the nearest one that it can.
/// </remarks>
internal sealed class TimestampJsonConverter : JsonConverter<DateTimeOffset>
{
    private const int SecondsLength = 19;
    private const int MaxLength = 64;
    private static readonly TimeSpan GreatestOffset = TimeSpan.FromHours(14);

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            throw new JsonException($"A time must be a string, not {reader.TokenType}.");
        }

        string text = reader.GetString()!;
        return TryParse(text, out DateTimeOffset time)
            ? time
            : throw new JsonException($"'{Excerpt.Of(text)}' is not a time as RFC 3339 writes it.");
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Format(value));

    internal static string Format(DateTimeOffset value) => value.ToString(
        value.Offset == TimeSpan.Zero ? "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'" : "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz",
        CultureInfo.InvariantCulture);

    internal static bool TryParse(ReadOnlySpan<char> text, out DateTimeOffset time)
    {
        time = default;
        if (text.Length is <= SecondsLength or > MaxLength ||
            text[4] != '-' || text[7] != '-' || text[10] is not ('T' or 't') || text[13] != ':' || text[16] != ':' ||
            !TryNumber(text[..4], out int year) || !TryNumber(text[5..7], out int month) ||
            !TryNumber(text[8..10], out int day) || !TryNumber(text[11..13], out int hour) ||
            !TryNumber(text[14..16], out int minute) || !TryNumber(text[17..19], out int second) ||
            month is < 1 or > 12 || hour > 23 || minute > 59 || second > 59 ||
            day < 1 || day > DateTime.DaysInMonth(year == 0 ? 4 : year, month))
        {
            return false;
        }

        ReadOnlySpan<char> rest = text[SecondsLength..];
        if (!TryFraction(ref rest, out long fraction) || !TryOffset(rest, out TimeSpan offset))
        {
            return false;
        }

        if (year == 0)
        {
            time = DateTimeOffset.MinValue;
            return true;
        }

        long local = new DateTime(year, month, day, hour, minute, second).Ticks + fraction;
        long utc = Math.Clamp(local - offset.Ticks, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks);
        bool held = utc == local - offset.Ticks && offset.Duration() <= GreatestOffset;
        time = held ? new DateTimeOffset(local, offset) : new DateTimeOffset(utc, TimeSpan.Zero);

        return true;
    }

    private static bool TryFraction(ref ReadOnlySpan<char> rest, out long ticks)
    {
        ticks = 0;
        if (rest[0] != '.')
        {
            return true;
        }

        int digits = rest[1..].IndexOfAnyExceptInRange('0', '9');
        if (digits <= 0)
        {
            return false;
        }

        long unit = TimeSpan.TicksPerSecond;
        foreach (char digit in rest.Slice(1, digits))
        {
            unit /= 10;
            ticks += (digit - '0') * unit;
        }

        rest = rest[(digits + 1)..];
        return true;
    }

    private static bool TryOffset(ReadOnlySpan<char> text, out TimeSpan offset)
    {
        offset = TimeSpan.Zero;
        if (text is ['Z' or 'z'])
        {
            return true;
        }

        if (text is not ['+' or '-', _, _, ':', _, _] ||
            !TryNumber(text[1..3], out int hours) || !TryNumber(text[4..6], out int minutes) ||
            hours > 23 || minutes > 59)
        {
            return false;
        }

        offset = new TimeSpan(hours, minutes, 0);
        if (text[0] == '-')
        {
            offset = -offset;
        }

        return true;
    }

    private static bool TryNumber(ReadOnlySpan<char> digits, out int number) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
