using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace OciImage.Registry.Http;

/// <summary>Reads what answers say beside their content: warnings for the user, and how much the registry may still be asked.</summary>
internal sealed class AnswerNotes(RegistryOptions options)
{
    private const int MaxRemembered = 1000;
    private const int MaxLength = 4096;

    private readonly ConcurrentDictionary<(string Host, string Text), bool> _reported = new();

    public void Read(RegistryHost host, HttpResponseMessage response)
    {
        HttpHeadersNonValidated headers = response.Headers.NonValidated;
        if (options.Warnings is { } warnings && headers.TryGetValues("Warning", out HeaderStringValues values))
        {
            var secrets = Secrets.Of(response.RequestMessage!);
            foreach (string value in values)
            {
                Report(warnings, host.Name, value, secrets);
            }
        }

        ReadRateLimit(host, headers);
    }

    // warning ::= code agent '"' text '"', several with commas between; only 299 is the specification's (RFC 7234, section 5.5).
    internal static IEnumerable<string> ParseWarnings(string header)
    {
        if (header.Length > MaxLength)
        {
            yield break;
        }

        int position = 0;
        while (position < header.Length)
        {
            int quote = header.IndexOf('"', position);
            if (quote < 0)
            {
                yield break;
            }

            string[] words = header[position..quote].Trim(' ', '\t', ',').Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (!TryReadQuoted(header, quote, out string text, out position))
            {
                yield break;
            }

            if (words is ["299", _] && text.Length > 0)
            {
                yield return text;
            }

            // What follows may be a date in quotes; it has no code, so it is passed over above.
        }
    }

    private static bool TryReadQuoted(string header, int quote, out string text, out int end)
    {
        var builder = new StringBuilder();
        for (int i = quote + 1; i < header.Length; i++)
        {
            char c = header[i];
            if (c == '"')
            {
                text = builder.ToString();
                end = i + 1;
                return true;
            }

            if (c == '\\' && i + 1 < header.Length)
            {
                c = header[++i];
            }

            builder.Append(c);
        }

        text = "";
        end = header.Length;
        return false;
    }

    private void Report(IProgress<RegistryWarning> warnings, string host, string header, Secrets secrets)
    {
        foreach (string text in ParseWarnings(header))
        {
            // Told once: a registry that warns does so with every answer.
            string shown = Excerpt.Of(secrets.Remove(text));
            if (_reported.Count < MaxRemembered && _reported.TryAdd((host, shown), true))
            {
                warnings.Report(new RegistryWarning(host, shown));
            }
        }
    }

    private static void ReadRateLimit(RegistryHost host, HttpHeadersNonValidated headers)
    {
        string? limit = Value(headers, "RateLimit-Limit");
        string? remaining = Value(headers, "RateLimit-Remaining");
        if (limit is null && remaining is null)
        {
            return;
        }

        string? source = Value(headers, "Docker-RateLimit-Source");
        host.Knowledge.RateLimit = new RegistryRateLimit(
            Number(limit), Number(remaining), Window(limit) ?? Window(remaining), source is null ? null : Excerpt.Of(source));
    }

    private static string? Value(HttpHeadersNonValidated headers, string name) =>
        headers.TryGetValues(name, out HeaderStringValues values) ? values.FirstOrDefault() : null;

    // "100;w=21600"
    private static long? Number(string? text) =>
        text is not null &&
        long.TryParse(text.AsSpan(0, text.IndexOfAny([';', ',']) is var end and >= 0 ? end : text.Length).Trim(),
            NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : null;

    private static TimeSpan? Window(string? text)
    {
        int start = text?.IndexOf("w=", StringComparison.Ordinal) ?? -1;
        return start >= 0 &&
            int.TryParse(text.AsSpan(start + 2).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
                ? TimeSpan.FromSeconds(seconds)
                : null;
    }
}
