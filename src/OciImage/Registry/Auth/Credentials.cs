using System.Net.Http.Headers;
using System.Text;

namespace OciImage.Registry.Auth;

/// <summary>Puts credentials into requests, and remembers with whose one each request was made.</summary>
internal static class Credentials
{
    /// <summary>The credential that a request, or the token it carries, comes from.</summary>
    public static readonly HttpRequestOptionsKey<RegistryCredential> Used = new("OciImage.Credential");

    public static AuthenticationHeaderValue BasicHeader(RegistryCredential credential) =>
        BasicHeader(credential.Username ?? "", credential.Password ?? "");

    public static AuthenticationHeaderValue BasicHeader(string username, string password) => new(
        "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}")));

    public static void Remember(HttpRequestMessage request, RegistryCredential? credential)
    {
        if (credential is not null)
        {
            request.Options.Set(Used, credential);
        }
    }

    /// <summary>Says with whose credential a request was made, for messages.</summary>
    public static string AskerOf(HttpRequestMessage request) =>
        !request.Options.TryGetValue(Used, out RegistryCredential? credential) ? "anonymously"
        : credential.IsEmpty ? $"anonymously{(credential.Hint is null ? "" : $"; {credential.Hint}")}"
        : $"with the credential of {credential}";
}
