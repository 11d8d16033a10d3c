using System.Buffers;
using System.Net.Http.Headers;
using System.Text;

namespace OciImage.Registry.Http;

/// <summary>What a request proved itself with, so that a server that repeats it does not bring it into a message.</summary>
internal readonly struct Secrets
{
    /// <summary>The header fields that were only for the request's host.</summary>
    public static readonly HttpRequestOptionsKey<IReadOnlyDictionary<string, string>> HostHeaders = new("OciImage.HostHeaders");

    private const int MinLength = 4;

    private static readonly SearchValues<char> AddressEnds = SearchValues.Create(" \t\r\n\"'<>");

    private readonly string[] _values;

    private Secrets(string[] values)
    {
        _values = values;
    }

    public static Secrets Of(HttpRequestMessage request)
    {
        var values = new List<string>();
        if (request.Options.TryGetValue(Auth.Credentials.Used, out RegistryCredential? credential))
        {
            values.AddRange(new[] { credential.Password, credential.IdentityToken, credential.RegistryToken }.OfType<string>());
        }

        if (request.Options.TryGetValue(HostHeaders, out IReadOnlyDictionary<string, string>? fields))
        {
            values.AddRange(fields.Values);
        }

        if (request.Headers.Authorization is AuthenticationHeaderValue { Parameter: { } parameter } header)
        {
            values.Add(parameter);
            byte[] bytes = new byte[parameter.Length];
            if (header.Scheme == "Basic" && Convert.TryFromBase64String(parameter, bytes, out int length))
            {
                string text = Encoding.UTF8.GetString(bytes, 0, length);
                values.Add(text[(text.IndexOf(':', StringComparison.Ordinal) + 1)..]);
            }
        }

        return new Secrets([.. values.Where(value => value.Length >= MinLength)]);
    }

    /// <summary>Removes the secrets, and the values of queries of whatever address stands in the text: those may be signed.</summary>
    public string Remove(string text)
    {
        text = MaskQueries(text);
        foreach (string value in _values)
        {
            text = text.Replace(value, "…", StringComparison.Ordinal)
                .Replace(Uri.EscapeDataString(value), "…", StringComparison.Ordinal);
        }

        return text;
    }

    private static string MaskQueries(string text)
    {
        int start = 0;
        while ((start = text.IndexOf("://", start, StringComparison.Ordinal)) >= 0)
        {
            start += 3;
            int end = text.AsSpan(start).IndexOfAny(AddressEnds) is var found and >= 0 ? start + found : text.Length;
            int query = text.IndexOf('?', start, end - start);
            if (query >= 0)
            {
                text = string.Concat(text.AsSpan(0, query), "?…", text.AsSpan(end));
            }
        }

        return text;
    }
}
