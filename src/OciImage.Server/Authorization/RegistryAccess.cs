using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace OciImage.Server;

/// <summary>Tells who asks for what.</summary>
public sealed class RegistryAccess
{
    internal RegistryAccess(HttpContext context, RegistryAction action, string? repository)
    {
        Action = action;
        Repository = repository;
        (UserName, Password) = ReadBasic(context.Request.Headers.Authorization);
    }

    /// <summary>Gets what is to be done.</summary>
    public RegistryAction Action { get; }

    /// <summary>Gets the repository, or <see langword="null"/> where the request is about none.</summary>
    public string? Repository { get; }

    /// <summary>Gets the user name of basic credentials, not verified, or <see langword="null"/>.</summary>
    public string? UserName { get; }

    /// <summary>Gets the password of basic credentials, or <see langword="null"/>.</summary>
    public string? Password { get; }

    private static (string? UserName, string? Password) ReadBasic(string? header)
    {
        if (!AuthenticationHeaderValue.TryParse(header, out AuthenticationHeaderValue? value) ||
            !value.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) ||
            value.Parameter is null)
        {
            return default;
        }

        byte[] bytes = new byte[value.Parameter.Length];
        if (!Convert.TryFromBase64String(value.Parameter, bytes, out int length))
        {
            return default;
        }

        string text = Encoding.UTF8.GetString(bytes, 0, length);
        int colon = text.IndexOf(':', StringComparison.Ordinal);

        return colon < 0 ? default : (text[..colon], text[(colon + 1)..]);
    }
}
