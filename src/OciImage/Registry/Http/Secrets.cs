using System.Net.Http.Headers;
using System.Text;

namespace OciImage.Registry.Http;

/// <summary>What a request proved itself with, so that a server that repeats it does not bring it into a message.</summary>
internal readonly struct Secrets
{
    private const int MinLength = 4;

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

    public string Remove(string text)
    {
        foreach (string value in _values)
        {
            text = text.Replace(value, "…", StringComparison.Ordinal)
                .Replace(Uri.EscapeDataString(value), "…", StringComparison.Ordinal);
        }

        return text;
    }
}
